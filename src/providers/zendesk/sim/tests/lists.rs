//! Lists and their pages.

use serde_json::Value;

use super::super::switches::Backwards;
use super::Stage;

#[tokio::test]
async fn the_list_shows_exactly_the_tickets_that_were_ordered() {
    let stage = Stage::new(|options| options.tickets = 120);
    let count = stage.get("tickets/count").await;
    let mut path = "tickets?page[size]=50".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = stage.get(&path).await;
        seen.extend(page.ids("tickets"));
        if page.body["meta"]["has_more"] == false {
            break;
        }
        path = page.link("/links/next");
    }

    assert_eq!(count.body["count"]["value"], 120);
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted(), "by id");
    let hidden = stage.simulator.inspect(|world| world.tickets.len());
    assert!(hidden > 120, "archived and deleted ones exist besides");
}

#[tokio::test]
async fn the_last_page_has_cursors_and_the_page_beyond_has_none() {
    let stage = Stage::plain();
    let last = stage.get("tickets?page[size]=100").await;
    let beyond = stage.get(&last.link("/links/next")).await;

    assert_eq!(last.body["meta"]["has_more"], false);
    assert!(last.body["meta"]["before_cursor"].is_string());
    assert!(last.body["links"]["prev"].is_string());
    assert_eq!(beyond.body["meta"]["has_more"], false);
    assert_eq!(beyond.ids("tickets"), Vec::<u64>::new());
    for pointer in [
        "/meta/after_cursor",
        "/meta/before_cursor",
        "/links/next",
        "/links/prev",
    ] {
        assert_eq!(
            beyond.body.pointer(pointer),
            Some(&Value::Null),
            "{pointer}"
        );
    }
}

#[tokio::test]
async fn a_page_before_a_cursor_is_the_one_just_before_it() {
    for backwards in [Backwards::AsAsked, Backwards::Forwards] {
        let stage = Stage::new(|options| options.switches.backwards = backwards);
        let path = "tickets?page[size]=7&sort=-updated_at";
        let first = stage.get(path).await;
        let second = stage.get(&first.link("/links/next")).await;
        let third = stage.get(&second.link("/links/next")).await;
        let back = stage.get(&third.link("/links/prev")).await;
        let start = stage.get(&back.link("/links/prev")).await;

        assert_eq!(back.ids("tickets"), second.ids("tickets"));
        assert_eq!(back.body["meta"]["has_more"], true);
        assert_eq!(start.ids("tickets"), first.ids("tickets"));
        let is_forwards = backwards == Backwards::Forwards;
        assert_eq!(start.body["meta"]["has_more"], is_forwards);
    }
}

#[tokio::test]
async fn a_cursor_is_tied_to_its_order() {
    let stage = Stage::plain();
    let page = stage.get("tickets?page[size]=5&sort=updated_at").await;
    let cursor = page.body["meta"]["after_cursor"].as_str().unwrap();
    let other = stage
        .get(&format!(
            "tickets?page[size]=5&sort=-updated_at&page[after]={cursor}"
        ))
        .await;

    assert_eq!(other.status, 400);
    assert_eq!(
        other.body["errors"][0]["code"],
        "InvalidPaginationParameter"
    );
}

#[tokio::test]
async fn cursors_refuse_other_orders_and_ignore_those_of_numbers() {
    let stage = Stage::plain();
    let refused = stage.get("tickets?page[size]=5&sort=created_at").await;
    let ignored = stage
        .get("tickets?page[size]=5&sort_by=created_at&sort_order=desc")
        .await;

    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["errors"][0]["title"], "sort is not valid");
    assert!(ignored.ids("tickets").is_sorted());
}

#[tokio::test]
async fn numbers_count_and_sort_and_end_at_the_wall() {
    let stage = Stage::plain();
    let first = stage
        .get("tickets?per_page=15&sort_by=updated_at&sort_order=desc")
        .await;
    let third = stage.get("tickets?per_page=15&page=3").await;
    let wall = stage.get("tickets?page=101").await;

    assert_eq!(first.body["count"], 40);
    assert!(
        first
            .link("/next_page")
            .starts_with("tickets.json?page=2&per_page=15")
    );
    let times: Vec<&str> = first.body["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["updated_at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, other| one >= other));
    assert_eq!(third.ids("tickets").len(), 10);
    assert_eq!(third.body["next_page"], Value::Null);
    assert_eq!(wall.status, 400);
    assert_eq!(wall.body["errors"][0]["code"], "InvalidPaginationDepth");
}

#[tokio::test]
async fn show_many_orders_by_id_and_drops_unknown_ones() {
    let stage = Stage::plain();
    let listed = stage.get("tickets?page[size]=3").await.ids("tickets");
    let ids = format!("{},9999,{}", listed[2], listed[0]);
    let seen = stage.get(&format!("tickets/show_many?ids={ids}")).await;

    assert_eq!(seen.ids("tickets"), [listed[0], listed[2]]);
    assert_eq!(seen.body["count"], 2);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world() {
    let stages = [1, 1, 2].map(|seed| Stage::new(|options| options.seed = seed));
    let mut texts = Vec::new();
    for stage in &stages {
        let path = "tickets?include=users,groups,organizations,comment_count";
        texts.push(stage.get(path).await.text);
    }

    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0], texts[2]);
}

#[tokio::test]
async fn sideloads_bring_each_person_once() {
    let stage = Stage::plain();
    let seen = stage.get("tickets?include=users,nothing").await;
    let ids = seen.ids("users");
    let mut once = ids.clone();
    once.dedup();

    assert_eq!(ids, once);
    for ticket in seen.body["tickets"].as_array().unwrap() {
        assert!(ids.contains(&ticket["requester_id"].as_u64().unwrap()));
    }
    assert!(seen.body.get("nothing").is_none());
}

#[tokio::test]
async fn a_customers_tickets_are_listed_without_archived_ones() {
    let stage = Stage::plain();
    let customer = stage.customer();
    let path = format!("users/{customer}/tickets/requested");
    let before = stage.get(&path).await.ids("tickets");
    let archived = *before.first().unwrap();
    stage.simulator.change(|world| world.archive(archived));
    let after = stage.get(&path).await.ids("tickets");

    assert_eq!(after, before[1..]);
    assert_eq!(stage.get(&format!("tickets/{archived}")).await.status, 200);
}
