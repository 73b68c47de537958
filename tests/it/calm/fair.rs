//! The rate limit is kept, used and shared; who cannot have any is told when to come back.

use std::sync::Arc;
use std::time::Duration;

use deskgate::providers::freshdesk::sim::Plan as FreshdeskPlan;
use deskgate::providers::freshdesk::sim::switches::Window;
use deskgate::providers::zendesk::sim::Plan as ZendeskPlan;
use tokio::time::{Instant, sleep};

use crate::calm::crowd::{Act, Client, Day, Diary, WAIT, day};
use crate::calm::stage::{Vendor, figure, freshdesk_stage, get, zendesk_stage};
use crate::support::TestApp;

/// All that callers do.
const MIXED: &[Act] = &[Act::Ticket, Act::Comments, Act::Ticket, Act::List];
/// What takes only from the account's window where lists have one of their own.
const NO_LISTS: &[Act] = &[Act::Ticket, Act::Comments, Act::Ticket];
/// What a request may take beyond its wait for room: calls of it that follow the first, and their ways.
const SLACK: Duration = Duration::from_secs(3);

/// Timers are exact to a millisecond.
const AT_ONCE: Duration = Duration::from_millis(5);

/// The same gateway for each client.
fn of(app: &Arc<TestApp>, clients: Vec<Client>) -> Vec<(Arc<TestApp>, Client)> {
    let with = |client| (Arc::clone(app), client);
    clients.into_iter().map(with).collect()
}

/// Asserts what holds on every plan while the gateway is alone.
#[track_caller]
fn assert_calm(name: &str, day: &Day) {
    eprintln!("{name}: {day}");
    day.assert_plain();
    assert_eq!(day.throttled, 0, "{name}: {day}");
    assert!(day.used >= 0.95, "{name}: {day}");
    assert!(day.longest() <= WAIT + SLACK, "{name}: {day}");
    assert!(day.kept_promises() >= 0.95, "{name}: {day}");
}

/// Fifty callers on the smallest plan there is.
async fn fifty_on_fifty(window: Window) {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Trial, window).await;
    let clients = Client::crowd(&app, &vendor, MIXED, 50);

    let day = day(&vendor, 50, 10, of(&app, clients)).await;

    assert_calm(&format!("50 callers on 50 a minute, {window:?}"), &day);
}

#[tokio::test]
async fn fifty_callers_share_fifty_calls_a_minute_by_fixed_windows() {
    fifty_on_fifty(Window::Fixed).await;
}

#[tokio::test]
async fn fifty_callers_share_fifty_calls_a_minute_by_sliding_windows() {
    fifty_on_fifty(Window::Sliding).await;
}

/// A crowd of forty that wants more than the plan has: some list, the others read.
fn readers_and_listers(
    app: &Arc<TestApp>,
    vendor: &Vendor,
    listers: usize,
) -> Vec<(Arc<TestApp>, Client)> {
    let mut clients = Client::crowd(app, vendor, NO_LISTS, 40);
    for client in &mut clients[40 - listers..] {
        client.acts = &[Act::List];
    }
    of(app, clients)
}

#[tokio::test]
async fn every_plan_of_freshdesk_is_used_and_never_exceeded() {
    for (plan, window, limit, minutes) in [
        (FreshdeskPlan::Growth, Window::Fixed, 200, 4),
        (FreshdeskPlan::Growth, Window::Sliding, 200, 4),
        (FreshdeskPlan::Pro, Window::Fixed, 400, 2),
        (FreshdeskPlan::Enterprise, Window::Sliding, 700, 2),
    ] {
        let (app, vendor) = freshdesk_stage(plan, window).await;
        let clients = readers_and_listers(&app, &vendor, 10);

        let day = day(&vendor, limit, minutes, clients).await;

        assert_calm(&format!("Freshdesk {plan}, {window:?}"), &day);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn every_plan_of_zendesk_is_used_and_never_exceeded() {
    for (plan, limit, minutes) in [
        (ZendeskPlan::Team, 200, 2),
        (ZendeskPlan::Growth, 400, 2),
        (ZendeskPlan::Enterprise, 700, 2),
    ] {
        let (app, vendor) = zendesk_stage(plan).await;
        let clients = readers_and_listers(&app, &vendor, 2);

        let day = day(&vendor, limit, minutes, clients).await;

        assert_calm(&format!("Zendesk {plan}"), &day);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn writes_share_the_limit_and_are_made_once() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Trial, Window::Fixed).await;
    let Vendor::Freshdesk(simulator) = &vendor else {
        panic!("another vendor");
    };
    let replies = || {
        let replies = simulator.calls().into_iter();
        let made = replies.filter(|call| call.method == http::Method::POST && call.status == 201);
        u32::try_from(made.count()).unwrap()
    };
    let clients = Client::crowd(&app, &vendor, &[Act::Reply], 20);

    let day = day(&vendor, 50, 3, of(&app, clients)).await;

    assert_calm("20 callers that reply, on 50 a minute", &day);
    assert_eq!(replies(), day.sum(|diary| diary.done));
}

#[tokio::test]
async fn fifty_callers_that_want_the_same_get_the_same_within_ten_minutes() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Trial, Window::Fixed).await;
    let clients = Client::crowd(&app, &vendor, &[Act::Ticket], 50);

    let day = day(&vendor, 50, 10, of(&app, clients)).await;

    eprintln!("50 callers that read a ticket, on 50 a minute: {day}");
    day.assert_plain();
    assert_eq!(day.throttled, 0, "{day}");
    assert!(day.used >= 0.95, "{day}");
    assert!(day.longest() <= WAIT + SLACK, "{day}");
    // Where all go in step, somewhat fewer returns succeed than among callers of many kinds.
    assert!(day.kept_promises() >= 0.9, "{day}");
    let credits = day.credits();
    let fair = f64::from(credits.iter().sum::<u32>()) / 50.0;
    let least = f64::from(*credits.iter().min().unwrap());
    assert!(least >= 0.8 * fair, "{credits:?}");
}

#[tokio::test]
async fn in_the_long_run_nobody_gets_less_than_four_fifths_of_a_fair_share() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Trial, Window::Sliding).await;
    let clients = Client::crowd(&app, &vendor, MIXED, 50);

    let day = day(&vendor, 50, 40, of(&app, clients)).await;

    eprintln!("50 callers for 40 minutes: {day}");
    day.assert_plain();
    assert_eq!(day.throttled, 0, "{day}");
    assert!(day.longest() <= WAIT + SLACK, "{day}");
    // Not quite what ten minutes show: predictions are of a crowd that begins at once.
    assert!(day.used >= 0.92 && day.kept_promises() >= 0.9, "{day}");
    let credits = day.credits();
    let fair = f64::from(credits.iter().sum::<u32>()) / 50.0;
    let least = f64::from(*credits.iter().min().unwrap());
    // The last request may not have been paid yet.
    assert!(least + 5.0 >= 0.8 * fair, "{credits:?}");
}

#[tokio::test]
async fn a_hundred_times_the_demand_is_not_a_hundred_times_as_much() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Growth, Window::Fixed).await;
    let mut clients = Client::crowd(&app, &vendor, NO_LISTS, 111);
    // The first alone, then ten, then a hundred with one token.
    for alike in [1..11, 11..111] {
        let token = clients[alike.start].token.clone();
        clients[alike]
            .iter_mut()
            .for_each(|client| client.token = token.clone());
    }

    let day = day(&vendor, 200, 6, of(&app, clients)).await;

    eprintln!("1, 10 and 100 times the demand: {day}");
    day.assert_plain();
    assert_eq!(day.throttled, 0, "{day}");
    assert!(day.longest() <= WAIT + SLACK, "{day}");
    let of_caller = |from: usize, to: usize| day.credits()[from..to].iter().sum::<u32>();
    let credits = [of_caller(0, 1), of_caller(1, 11), of_caller(11, 111)];
    let waits = [0, 1, 11].map(|number| day.diaries[number].mean_wait());
    eprintln!("credits {credits:?}, mean waits {waits:?}");
    // Each minute's credits are spent at its beginning, while the first has one request under way at a time and the
    // second ten: their demand is met in bursts, and is less than a third of all. What each request under way gets
    // is the more the fewer its caller has.
    let each = [credits[0], credits[1] / 10, credits[2] / 100];
    assert!(each[0] > each[1] && each[1] > 2 * each[2], "{credits:?}");
    assert!(credits[2] < 4 * credits[1], "{credits:?}");
    assert!(waits[0] < waits[2] && waits[1] < waits[2], "{waits:?}");
}

#[tokio::test]
async fn an_interactive_request_waits_less_than_a_batch_one() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Growth, Window::Fixed).await;
    let mut clients = Client::crowd(&app, &vendor, NO_LISTS, 40);
    for client in &mut clients[20..] {
        client.prefer = Some("priority=batch");
    }

    let day = day(&vendor, 200, 4, of(&app, clients)).await;

    assert_calm("20 interactive and 20 batch", &day);
    let mean = |diaries: &[Diary]| {
        let waits = diaries.iter().map(Diary::mean_wait);
        waits.sum::<Duration>() / 20
    };
    let (interactive, batch) = (mean(&day.diaries[..20]), mean(&day.diaries[20..]));
    eprintln!("interactive {interactive:?}, batch {batch:?}");
    assert!(interactive < batch, "{interactive:?} {batch:?}");
}

/// Uses up a trial's minute: 25 reads of two credits, one after another.
async fn use_up(app: &TestApp, vendor: &Vendor) {
    for ticket in vendor.tickets().iter().cycle() {
        let answer = get(app, &app.token, ticket).header("prefer", "wait=0");
        let answer = answer.await;
        if answer.status == 429 {
            return;
        }
        answer.expect(200);
    }
}

#[tokio::test]
async fn who_does_not_wait_is_refused_at_once_and_told_a_time_that_is_enough() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Trial, Window::Sliding).await;
    let ticket = &vendor.tickets()[0];
    for _ in 0..5 {
        use_up(&app, &vendor).await;
        let (begun, calls) = (Instant::now(), vendor.calls().len());

        let refused = get(&app, &app.token, ticket)
            .header("prefer", "wait=0")
            .await;

        assert!(begun.elapsed() <= AT_ONCE);
        assert_eq!(vendor.calls().len(), calls);
        let after = figure(&refused, "retry-after").unwrap();
        assert!((1..=61).contains(&after), "{after}");
        assert_eq!(figure(&refused, "x-deskgate-upstream-calls"), Some(0));
        assert_eq!(refused.refused(429), "too_many_service_requests");
        sleep(Duration::from_secs(after.into())).await;
        let again = get(&app, &app.token, ticket).header("prefer", "wait=0");
        again.await.expect(200);
    }
    assert!(vendor.calls().iter().all(|call| call.status != 429));
}

#[tokio::test]
async fn who_waits_longer_is_served_where_another_is_refused() {
    let (app, vendor) = freshdesk_stage(FreshdeskPlan::Trial, Window::Sliding).await;
    let begun = Instant::now();
    use_up(&app, &vendor).await;
    // 35 s after the first read, whose credits are the first to come back.
    tokio::time::sleep_until(begun + Duration::from_secs(35)).await;
    let tickets = vendor.tickets();

    let usual = get(&app, &app.token, &tickets[0]).await;
    assert_eq!(usual.refused(429), "too_many_service_requests");
    assert!(begun.elapsed() <= Duration::from_secs(35) + AT_ONCE);
    let patient = get(&app, &app.token, &tickets[1]).header("prefer", "wait=28");
    patient.await.expect(200);

    let waited = begun.elapsed().saturating_sub(Duration::from_secs(35));
    assert!(
        waited > WAIT && waited <= Duration::from_secs(28) + SLACK,
        "{waited:?}"
    );
}
