//! What a walk costs at the help desk, for docs/providers.md.

use crate::contract::lab::Lab;
use crate::desks::{HelpDesk, Setup};

/// What a walk cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Calls to the help desk.
    pub(crate) calls: u32,
    /// Credits, where the help desk counts them.
    pub(crate) credits: Option<u32>,
}

/// What a walk of a thousand tickets costs, with names and descriptions, and pages of this size. Each
/// ticket was changed in a second of its own.
pub(crate) async fn of_a_thousand_tickets<D: HelpDesk>(page_size: u16) -> Cost {
    let mut lab = Lab::<D>::start().await;
    let setup = Setup {
        tickets: 0,
        seed: 1,
        habit: 0,
    };
    lab.exchange(setup).await;
    for number in 0..1000 {
        lab.desk.create("one of a thousand", 5000 - number).await;
    }
    // What is remembered for minutes is no part of the figure.
    lab.app.get("/tickets?page_size=1").await.expect(200);
    let mut cost = Cost {
        calls: 0,
        credits: None,
    };
    let (mut seen, mut page) = (0, String::new());
    loop {
        let address = format!("/tickets?page_size={page_size}{page}");
        let answer = lab.app.get(&address).await;
        let figure = |name: &str| -> Option<u32> {
            let value = answer.headers.get(name)?;
            Some(value.to_str().unwrap().parse().unwrap())
        };
        cost.calls += figure("x-deskgate-upstream-calls").unwrap();
        if let Some(credits) = figure("x-deskgate-upstream-credits") {
            *cost.credits.get_or_insert_default() += credits;
        }
        let list = answer.expect(200);
        for ticket in list["objects"].as_array().unwrap() {
            assert!(
                ticket["requester"]["name"].is_string() || ticket["requester"]["email"].is_string()
            );
            assert!(ticket["description"].is_string());
            seen += 1;
        }
        match list["next_page"].as_str() {
            Some(next) => page = format!("&page={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 1000);
    cost
}
