//! What the clients were told, held against what the help desk has.

use std::collections::{BTreeMap, BTreeSet};

use deskgate::model::id::{CommentId, TicketId};

use super::clients::{End, Settled};
use super::inside::Written;

/// What is wrong, each with the marker of its case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// Written more often than asked for: by how much.
    pub(crate) doubled: BTreeMap<String, usize>,
    /// Said to be done, but not there.
    pub(crate) lost: BTreeSet<String>,
    /// Told with the id of something else, or with the same one as its twin.
    pub(crate) wrong_ids: BTreeSet<String>,
    /// Public instead of private, or the other way round.
    pub(crate) wrong_visibility: BTreeSet<String>,
    /// Written in another way than it was sent.
    pub(crate) garbled: BTreeSet<String>,
    /// Given up, with an answer that does not say that the outcome is unknown.
    pub(crate) dishonest: BTreeSet<String>,
    /// Refused for good, which no case should be.
    pub(crate) refused: BTreeMap<String, String>,
    /// Given up.
    pub(crate) unresolved: usize,
}

impl Judgement {
    /// Judges. `written` is all that the help desk has.
    pub(crate) fn of(settled: &[Settled], written: &[Written]) -> Self {
        let mut judgement = Self::default();
        let mut by_marker: BTreeMap<&str, Vec<&Settled>> = BTreeMap::new();
        for one in settled {
            by_marker.entry(&one.case.marker).or_default().push(one);
        }
        for (marker, cases) in by_marker {
            let found = written.iter().filter(|one| one.text.contains(marker));
            judgement.look_at(marker, &cases, &found.collect::<Vec<_>>());
        }
        judgement
    }

    /// Whether nothing is wrong. A few cases of a thousand may be given up, if that is said.
    pub(crate) fn is_good(&self, cases: usize) -> bool {
        let Self {
            doubled,
            lost,
            wrong_ids,
            wrong_visibility,
            garbled,
            dishonest,
            refused,
            unresolved,
        } = self;
        let sets = [lost, wrong_ids, wrong_visibility, garbled, dishonest];
        sets.iter().all(|set| set.is_empty())
            && doubled.is_empty()
            && refused.is_empty()
            && unresolved * 1000 <= cases
    }

    /// Judges the cases that share a marker.
    fn look_at(&mut self, marker: &str, cases: &[&Settled], found: &[&Written]) {
        let mut told = Vec::new();
        let mut open = 0;
        for Settled { case, end, .. } in cases {
            match end {
                End::Done(answer) => {
                    let id = answer.text("id");
                    told.push(if case.is_create() {
                        id.parse::<TicketId>().unwrap().upstream().to_owned()
                    } else {
                        id.parse::<CommentId>().unwrap().upstream().to_owned()
                    });
                }
                End::Unresolved(last) => {
                    open += 1;
                    if last != "504 outcome_unknown" && !last.starts_with("409 ") {
                        self.dishonest.insert(format!("{marker}: {last}"));
                    }
                }
                End::Refused(answer) => {
                    self.refused.insert(marker.to_owned(), answer.clone());
                }
            }
        }
        self.unresolved += open;
        if found.len() > told.len() + open {
            let more = found.len() - told.len() - open;
            self.doubled.insert(marker.to_owned(), more);
        }
        if found.len() < told.len() {
            self.lost.insert(marker.to_owned());
        }
        let different: BTreeSet<_> = told.iter().collect();
        let is_there = |id: &String| found.iter().any(|one| one.id == *id);
        if different.len() < told.len() || !told.iter().all(is_there) {
            self.wrong_ids.insert(marker.to_owned());
        }
        let wanted = &cases[0].case;
        if found.iter().any(|one| one.is_public != wanted.is_public) {
            self.wrong_visibility.insert(marker.to_owned());
        }
        let is_whole = |one: &&Written| {
            let subject = one.subject.as_deref();
            subject.is_none_or(|subject| subject == format!("Order {marker}"))
        };
        if !found.iter().all(is_whole) {
            self.garbled.insert(marker.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::chaos::cases;
    use crate::chaos::clients::Answer;

    /// Some replies and what the help desk has of them, with nothing wrong. The first two are twins.
    fn perfect() -> (Vec<Settled>, Vec<Written>) {
        let cases = cases::replies(7, 4, &["1".to_owned()]);
        let written = |place: usize| Written {
            id: place.to_string(),
            subject: None,
            text: cases[place].body.clone(),
            is_public: cases[place].is_public,
        };
        let written = (0..4).map(written).collect();
        let settled = |(place, case): (usize, &cases::Case)| Settled {
            case: case.clone(),
            end: done(&place.to_string()),
            took: Duration::ZERO,
        };
        (cases.iter().enumerate().map(settled).collect(), written)
    }

    /// An answer with the public form of this id.
    fn done(id: &str) -> End {
        let id = CommentId::from_upstream(id);
        End::Done(Answer::new(201, format!(r#"{{"id":"{id}"}}"#)))
    }

    #[test]
    fn what_is_right_is_good() {
        let (settled, written) = perfect();

        let judgement = Judgement::of(&settled, &written);

        assert_eq!(judgement, Judgement::default());
        assert!(judgement.is_good(4));
    }

    #[test]
    fn a_second_one_is_found_also_of_twins() {
        for place in [0, 2] {
            let (settled, mut written) = perfect();
            let mut second = written[place].clone();
            second.id = "99".to_owned();
            written.push(second);

            let judgement = Judgement::of(&settled, &written);

            let marker = settled[place].case.marker.clone();
            assert_eq!(judgement.doubled, BTreeMap::from([(marker, 1)]));
            assert!(!judgement.is_good(4));
        }
    }

    #[test]
    fn one_that_is_missing_is_found_also_of_twins() {
        for place in [0, 2] {
            let (settled, mut written) = perfect();
            written.remove(place);

            let judgement = Judgement::of(&settled, &written);

            assert!(judgement.lost.contains(&settled[place].case.marker));
        }
    }

    #[test]
    fn an_id_of_another_one_is_found() {
        for (place, id) in [(0, "1"), (2, "3"), (2, "99")] {
            let (mut settled, written) = perfect();
            settled[place].end = done(id);

            let judgement = Judgement::of(&settled, &written);

            assert!(judgement.wrong_ids.contains(&settled[place].case.marker));
        }
    }

    #[test]
    fn a_private_one_that_is_public_is_found() {
        let (settled, mut written) = perfect();
        written[2].is_public = !written[2].is_public;

        let judgement = Judgement::of(&settled, &written);

        assert_eq!(judgement.wrong_visibility.len(), 1);
        assert!(!judgement.is_good(4));
    }

    #[test]
    fn one_that_was_given_up_may_be_there_or_not_but_that_has_to_be_said() {
        for (last, is_good) in [("504 outcome_unknown", true), ("502 bad_gateway", false)] {
            for is_there in [true, false] {
                let (mut settled, mut written) = perfect();
                settled[3].end = End::Unresolved(last.to_owned());
                if !is_there {
                    written.remove(3);
                }

                let judgement = Judgement::of(&settled, &written);

                assert_eq!(judgement.unresolved, 1);
                assert_eq!(judgement.is_good(1000), is_good);
                assert!(!judgement.is_good(999));
            }
        }
    }
}
