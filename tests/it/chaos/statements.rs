//! A kill within each statement that a write makes of the store.
//!
//! A trigger in the gateway's own database never ends when the statement comes, so that the kill finds it in the midst of
//! it: what came before is there, and it itself is not. Between two statements a kill leaves the same database behind; what
//! it leaves at the help desk is up to [`Fault`].

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::SETTLE_AFTER;
use super::clients::Client;
use super::faults::{Fault, Shares};
use super::settling::{all_kinds, insist, is_there_once};
use super::stage::Stage;
use crate::desks::freshdesk::Freshdesk;

/// How long it may take until a statement hangs.
const HANGS_WITHIN: Duration = Duration::from_secs(20);

/// A statement, and what makes the gateway come to it.
struct Statement {
    /// What it does.
    name: &'static str,
    /// What it is to a trigger.
    event: &'static str,
    /// When it is the one.
    when: &'static str,
    /// What happens to the calls before it.
    fault: Fault,
}

/// All of them.
const STATEMENTS: [Statement; 8] = [
    Statement {
        name: "the intent is written down",
        event: "insert",
        when: "true",
        fault: Fault::Pass,
    },
    Statement {
        name: "a call is about to be sent",
        event: "update",
        when: "old.sent_at is null and new.sent_at is not null",
        fault: Fault::Pass,
    },
    Statement {
        name: "it is done",
        event: "update",
        when: "new.state = 'done'",
        fault: Fault::Pass,
    },
    Statement {
        name: "what was made is claimed",
        event: "update",
        when: "old.object is null and new.object is not null and new.state = 'running'",
        fault: Fault::ResetAfter,
    },
    Statement {
        name: "it stays unknown",
        event: "update",
        when: "new.state = 'unknown'",
        fault: Fault::ResetBefore,
    },
    Statement {
        name: "somebody takes it up again",
        event: "update",
        when: "new.holder <> old.holder",
        fault: Fault::ResetBefore,
    },
    Statement {
        name: "it certainly did not happen",
        event: "update",
        when: "old.sent_at is not null and new.sent_at is null",
        fault: Fault::ResetBefore,
    },
    Statement {
        name: "nothing was done",
        event: "delete",
        when: "true",
        fault: Fault::TooMany,
    },
];

/// Kills the gateway within a statement, and settles what it was about.
async fn survives(number: usize, statement: &Statement) {
    let Statement {
        name,
        event,
        when,
        fault,
    } = statement;
    let seed = u64::try_from(number).unwrap();
    let mut stage = Stage::<Freshdesk>::set(100 + seed, Shares::CALM, SETTLE_AFTER).await;
    let database = stage.gateway.database().await;
    let forever = "
        create view forever as
        with recursive numbers (number) as (select 1 union all select number + 1 from numbers)
        select number from numbers where number < 0";
    let hang = format!(
        "create trigger hang before {event} on intents when {when} begin select number from forever; end"
    );
    for text in [forever, &hang] {
        let created = sqlx::query(sqlx::AssertSqlSafe(text)).execute(&database);
        created.await.unwrap();
    }
    let cases = all_kinds(&stage, seed);
    stage.vendor.schedule().order([*fault; 9]);
    let client = Client::of(&stage.gateway);
    let asking = join_all(cases.iter().map(async |case| {
        loop {
            drop(client.send(case).await);
            sleep(Duration::from_millis(50)).await;
        }
    }));

    let stuck = async {
        // Whoever else wants to write has to wait, and waits in vain.
        let mut refused = 0;
        while refused < 10 {
            let began = sqlx::query("update settings set value = value where false")
                .execute(&database)
                .await;
            refused = if began.is_err() { refused + 1 } else { 0 };
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = asking => unreachable!(),
        reached = timeout(HANGS_WITHIN, stuck) => assert!(reached.is_ok(), "{name}: never reached"),
    }
    stage.gateway.kill().await;
    sqlx::query("drop trigger hang")
        .execute(&database)
        .await
        .unwrap();
    database.close().await;
    stage.gateway.restart().await;

    let settled = join_all(cases.iter().map(|case| insist(&client, case))).await;

    for (case, (before, answer)) in cases.iter().zip(settled) {
        // Nothing that a client would take for the end of it.
        let is_open = |name: &String| {
            ["409 request_in_progress", "429 ", "503 ", "504 "]
                .iter()
                .any(|open| name.starts_with(open))
        };
        assert!(before.iter().all(is_open), "{name}: {before:?}");
        is_there_once(&stage, case, &answer);
    }
}

#[tokio::test]
async fn a_kill_within_any_statement_loses_and_doubles_nothing() {
    let all = STATEMENTS.iter().enumerate();
    join_all(all.map(|(number, statement)| survives(number, statement))).await;
}
