//! Jobs: work that is answered before it is done (Zendesk reference, section 9).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::reply::Reply;
use super::world::World;

/// How many jobs may wait at once.
const MOST_JOBS: usize = 30;

/// How long a job can be asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a job does; it gives the `results`.
pub(super) type Work = Box<dyn FnOnce(&mut World) -> Value + Send>;

/// A job of some kind.
pub(super) struct Job {
    /// `V3-…`
    pub(super) id: String,
    /// How many items it has; null for a permanent deletion.
    total: Option<usize>,
    /// When it was asked for.
    queued_at: Timestamp,
    /// When it is carried out.
    due: Timestamp,
    /// What is left to do.
    work: Option<Work>,
    /// What came of it.
    results: Value,
}

impl Job {
    /// As the API shows it, once it was looked at.
    pub(super) fn json(&self, base: &str) -> Value {
        let url = self.url(base);
        if self.work.is_some() {
            return json!({
                "id": self.id, "job_type": "Job", "url": url, "total": self.total,
                "progress": null, "status": "working", "message": null, "results": null,
            });
        }
        let message = self.due.strftime("Completed at %Y-%m-%d %H:%M:%S +0000");
        json!({
            "id": self.id, "job_type": "Job", "url": url, "total": self.total,
            "progress": self.total, "status": "completed", "message": message.to_string(),
            "results": self.results,
        })
    }

    /// As the API shows it when it was just asked for (section 9).
    fn queued(&self, base: &str) -> Value {
        json!({
            "id": self.id, "job_type": "Job", "url": self.url(base), "total": self.total,
            "progress": null, "status": "queued", "message": null, "results": null,
        })
    }

    /// Its address.
    fn url(&self, base: &str) -> String {
        format!("{base}/api/v2/job_statuses/{}.json", self.id)
    }
}

impl World {
    /// Takes on a job; gives its `job_status`, or 429 when too many wait already.
    pub(super) fn queue_job(
        &mut self,
        base: &str,
        total: Option<usize>,
        work: impl FnOnce(&mut Self) -> Value + Send + 'static,
    ) -> Result<Value, Reply> {
        let now = self.now();
        self.jobs.retain(|_, job| job.queued_at + KEPT > now);
        let waiting: Vec<&str> = self
            .jobs
            .values()
            .filter(|job| job.work.is_some())
            .map(|job| job.id.as_str())
            .collect();
        if waiting.len() >= MOST_JOBS {
            return Err(Reply::too_many_jobs(&waiting));
        }
        let job = Job {
            id: format!("V3-{}", self.new_word()),
            total,
            queued_at: now,
            due: now + self.switches.job_delay,
            work: Some(Box::new(work)),
            results: Value::Null,
        };
        let answer = job.queued(base);
        self.jobs.insert(job.id.clone(), job);
        self.run_jobs();
        Ok(answer)
    }

    /// Carries out the jobs whose time has come, in the order they were asked for.
    pub(super) fn run_jobs(&mut self) {
        let now = self.now();
        let due = self
            .jobs
            .values()
            .filter(|job| job.work.is_some() && job.due <= now);
        let mut due: Vec<(Timestamp, String)> = due.map(|job| (job.due, job.id.clone())).collect();
        due.sort();
        for (_, id) in due {
            let Some(work) = self.jobs.get_mut(&id).and_then(|job| job.work.take()) else {
                continue;
            };
            let results = work(self);
            if let Some(job) = self.jobs.get_mut(&id) {
                job.results = results;
            }
        }
    }
}
