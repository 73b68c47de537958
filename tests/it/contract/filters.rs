//! Filters against a filter by hand: what a filtered walk shows is what an unfiltered walk shows and the
//! filter lets through, in help desks of random content.

use std::cell::RefCell;
use std::collections::BTreeSet;

use deskgate::model::filter::Order;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::contract::lab::{Lab, runtime};
use crate::contract::law::cases;
use crate::desks::{HelpDesk, Setup};

/// A filter that is made of what some ticket has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    /// `status`
    Status,
    /// `priority`
    Priority,
    /// `requester`, by id
    Requester,
    /// `requester`, by e-mail address
    Email,
    /// `assignee`
    Assignee,
    /// `group`
    Group,
    /// `company`
    Company,
    /// `tag`
    Tag,
    /// `ticket_type`
    TicketType,
    /// `created_since`
    CreatedSince,
    /// `created_before`
    CreatedBefore,
    /// `modified_since`
    ModifiedSince,
    /// `q`
    Words,
}

impl Filter {
    /// All of them.
    const ALL: [Self; 13] = [
        Self::Status,
        Self::Priority,
        Self::Requester,
        Self::Email,
        Self::Assignee,
        Self::Group,
        Self::Company,
        Self::Tag,
        Self::TicketType,
        Self::CreatedSince,
        Self::CreatedBefore,
        Self::ModifiedSince,
        Self::Words,
    ];

    /// The parameter that asks for what a ticket has, unless it has no such thing.
    fn parameter(self, ticket: &Value) -> Option<(&'static str, String)> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (name, value) = match self {
            Self::Status => ("status", text(&ticket["status"])),
            Self::Priority => ("priority", text(&ticket["priority"])),
            Self::Requester => ("requester", text(&ticket["requester"]["user_id"])),
            Self::Email => ("requester", text(&ticket["requester"]["email"])),
            Self::Assignee => ("assignee", text(&ticket["assignee"])),
            Self::Group => ("group", text(&ticket["group"])),
            Self::Company => ("company", text(&ticket["company"])),
            Self::Tag => ("tag", text(&ticket["tags"][0])),
            Self::TicketType => ("ticket_type", text(&ticket["ticket_type"])),
            Self::CreatedSince => ("created_since", text(&ticket["created_at"])),
            Self::CreatedBefore => ("created_before", text(&ticket["created_at"])),
            Self::ModifiedSince => ("modified_since", text(&ticket["modified_at"])),
            Self::Words => ("q", words(ticket).into_iter().next_back()),
        };
        Some((name, value?))
    }

    /// Whether a ticket has it too.
    fn holds(self, value: &str, ticket: &Value) -> bool {
        let time = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
        let then = || value.parse::<Timestamp>().unwrap();
        match self {
            Self::Status => ticket["status"] == value,
            Self::Priority => ticket["priority"] == value,
            Self::Requester => ticket["requester"]["user_id"] == value,
            Self::Email => ticket["requester"]["email"] == value,
            Self::Assignee => ticket["assignee"] == value,
            Self::Group => ticket["group"] == value,
            Self::Company => ticket["company"] == value,
            Self::Tag => ticket["tags"]
                .as_array()
                .unwrap()
                .iter()
                .any(|tag| tag == value),
            Self::TicketType => ticket["ticket_type"] == value,
            Self::CreatedSince => time(&ticket["created_at"]) >= then(),
            Self::CreatedBefore => time(&ticket["created_at"]) < then(),
            Self::ModifiedSince => time(&ticket["modified_at"]) >= then(),
            Self::Words => {
                let text = format!("{} {}", ticket["subject"], ticket["description"]);
                text.to_lowercase().contains(value)
            }
        }
    }
}

/// Words of a ticket's subject.
fn words(ticket: &Value) -> Vec<String> {
    let subject = ticket["subject"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    let words = subject.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter(|word| word.len() > 3)
        .map(str::to_owned)
        .collect()
}

/// A value in a query.
fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// Compares filtered walks of one help desk with the filter by hand.
async fn compare<D: HelpDesk>(
    lab: &mut Lab<D>,
    setup: Setup,
    page_size: u16,
    filters: &[(Filter, usize)],
    order: Order,
) -> Result<(), TestCaseError> {
    lab.exchange(setup).await;
    let (all, _) = lab.walk("/tickets").await;
    let mut query = format!("order_by={}&page_size={page_size}", order.name());
    let mut expected: Vec<_> = all.iter().collect();
    for (filter, which) in filters {
        let Some((name, value)) = all
            .get(which % all.len().max(1))
            .and_then(|ticket| filter.parameter(ticket))
        else {
            continue;
        };
        if query.contains(&format!("{name}=")) {
            continue;
        }
        query = format!("{query}&{name}={}", encoded(&value));
        expected.retain(|ticket| filter.holds(&value, ticket));
    }
    let (shown, _) = lab.walk(&format!("/tickets?{query}")).await;
    let ids = |tickets: &mut dyn Iterator<Item = &Value>| -> BTreeSet<String> {
        tickets
            .map(|ticket| ticket["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let shown_ids = ids(&mut shown.iter());
    prop_assert_eq!(shown.len(), shown_ids.len(), "twice: {}", query);
    prop_assert_eq!(shown_ids, ids(&mut expected.into_iter()), "{}", query);
    Ok(())
}

/// Each filter, and several at once, in every order that the help desk has.
pub(crate) fn filters_show_what_they_say_and_nothing_else<D: HelpDesk>() {
    let runtime = runtime();
    let filter = (prop::sample::select(&Filter::ALL[..]), 0..1000_usize);
    let filters = prop_oneof![4 => prop::collection::vec(filter.clone(), 1), 1 => prop::collection::vec(filter, 2..4)];
    let orders = prop::sample::select(D::capabilities().list.orders);
    let setups = (0..60_u32, any::<u64>(), any::<u8>()).prop_map(|(tickets, seed, habit)| Setup {
        tickets,
        seed,
        habit,
    });
    let worlds = (
        setups,
        prop::sample::select(&[2_u16, 9, 100][..]),
        filters,
        orders,
    );
    let mut runner = TestRunner::new(Config {
        cases: cases::<D>(500),
        failure_persistence: None,
        ..Config::default()
    });
    let lab = RefCell::new(runtime.block_on(Lab::<D>::start()).in_still_time());
    let outcome = runner.run(&worlds, |(setup, page_size, filters, order)| {
        let mut lab = lab.borrow_mut();
        runtime.block_on(compare(&mut lab, setup, page_size, &filters, order))
    });
    outcome.unwrap();
}
