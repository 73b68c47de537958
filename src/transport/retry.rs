//! Decides whether a failed call is sent again. Pure: no clock, no timer, no randomness.

use std::time::Duration;

use ::http::StatusCode;

use crate::transport::call::Replay;
use crate::transport::http::TransportError;

/// A call is sent at most this many times.
pub const MAX_ATTEMPTS: u32 = 3;
/// Longest time that is waited for one further attempt.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// Longest first back-off; doubles with each attempt.
const BASE: Duration = Duration::from_millis(250);

/// What became of an attempt.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// The vendor answered.
    Reply {
        /// Its status.
        status: StatusCode,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// It did not.
    Failed(&'a TransportError),
}

/// How long to wait before the next attempt, or none to give the outcome to the caller.
///
/// `left` is the time until the deadline, `jitter` a number from 0 to 1. What the vendor asks for
/// wins over our own back-off; a wait that does not fit into the time left is not begun.
pub fn decide(
    attempt: u32,
    outcome: &Outcome<'_>,
    replay: Replay,
    left: Duration,
    jitter: f64,
) -> Option<Duration> {
    if attempt >= MAX_ATTEMPTS {
        return None;
    }
    let backoff = BASE * 2_u32.pow(attempt.saturating_sub(1));
    let (certainly_not_done, asked) = match outcome {
        Outcome::Reply {
            status,
            retry_after,
        } => match *status {
            StatusCode::TOO_MANY_REQUESTS => {
                (true, Some(retry_after.unwrap_or(Duration::from_secs(1))))
            }
            status if status.is_server_error() => (false, *retry_after),
            _ => return None,
        },
        Outcome::Failed(error) => match error {
            TransportError::Connect(_) => (true, None),
            TransportError::Timeout | TransportError::Interrupted(_) => (false, None),
            TransportError::TooLarge { .. }
            | TransportError::Throttled { .. }
            | TransportError::Rehearsed
            | TransportError::Withheld { .. } => return None,
        },
    };
    if !certainly_not_done && replay == Replay::Never {
        return None;
    }
    let wait = asked.unwrap_or_else(|| backoff.mul_f64(jitter.clamp(0.0, 1.0)));
    (wait <= MAX_WAIT && wait < left).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(30);

    fn reply(status: u16, retry_after: Option<u64>) -> Outcome<'static> {
        let status = StatusCode::from_u16(status).unwrap();
        Outcome::Reply {
            status,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_create_is_repeated_only_if_it_certainly_did_not_happen() {
        let timeout = TransportError::Timeout;
        let connect = TransportError::Connect("refused".into());

        assert_eq!(
            decide(1, &Outcome::Failed(&timeout), Replay::Never, LEFT, 1.0),
            None
        );
        assert_eq!(decide(1, &reply(500, None), Replay::Never, LEFT, 1.0), None);
        assert_eq!(
            decide(1, &reply(503, Some(1)), Replay::Never, LEFT, 1.0),
            None
        );
        assert!(decide(1, &Outcome::Failed(&connect), Replay::Never, LEFT, 1.0).is_some());
        assert!(decide(1, &reply(429, Some(1)), Replay::Never, LEFT, 1.0).is_some());
    }

    #[test]
    fn a_read_is_repeated_after_trouble_but_not_after_an_answer() {
        assert!(
            decide(
                1,
                &Outcome::Failed(&TransportError::Timeout),
                Replay::Safe,
                LEFT,
                1.0
            )
            .is_some()
        );
        assert!(decide(2, &reply(502, None), Replay::Safe, LEFT, 1.0).is_some());
        assert_eq!(decide(3, &reply(502, None), Replay::Safe, LEFT, 1.0), None);
        for status in [200, 301, 400, 401, 403, 404, 405, 409] {
            assert_eq!(
                decide(1, &reply(status, None), Replay::Safe, LEFT, 1.0),
                None
            );
        }
    }

    #[test]
    fn a_wait_that_does_not_fit_is_not_begun() {
        assert_eq!(
            decide(
                1,
                &reply(429, Some(5)),
                Replay::Safe,
                Duration::from_secs(5),
                1.0
            ),
            None
        );
        assert_eq!(
            decide(
                1,
                &reply(429, Some(60)),
                Replay::Safe,
                Duration::from_secs(90),
                1.0
            ),
            None
        );
        assert_eq!(
            decide(1, &reply(429, Some(5)), Replay::Safe, LEFT, 1.0),
            Some(Duration::from_secs(5))
        );
    }
}
