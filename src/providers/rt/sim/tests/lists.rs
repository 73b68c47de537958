//! Pages, fields and orders of lists.

use serde_json::json;

use super::super::switches::Ties;
use super::Stage;

#[tokio::test]
async fn an_empty_list_has_a_float_of_pages() {
    let stage = Stage::plain();

    let seen = stage.get("/tickets?query=id%3E0").await;

    assert!(seen.text.contains("\"pages\":0.0"), "{}", seen.text);
    assert_eq!(seen.body.get("next_page"), None);
}

#[tokio::test]
async fn pages_are_cut_and_counted() {
    let stage = Stage::plain();
    for _ in 0..5 {
        stage.create(json!({})).await;
    }
    let cases = [
        ("per_page=2", vec![1, 2], 2),
        ("per_page=2&page=3", vec![5], 2),
        ("per_page=2&page=9", vec![], 2),
        ("per_page=0", vec![1, 2, 3, 4, 5], 20),
        ("per_page=abc&page=abc", vec![1, 2, 3, 4, 5], 20),
        ("per_page=1000", vec![1, 2, 3, 4, 5], 100),
        ("orderby=Nonsense", vec![], 20),
        ("orderby=id&order=DESC&per_page=2", vec![5, 4], 2),
    ];
    for (parameters, expected, per_page) in cases {
        let seen = stage
            .get(&format!("/tickets?query=id%3E0&{parameters}"))
            .await;
        assert_eq!(seen.ids(), expected, "{parameters}");
        assert_eq!(
            (&seen.body["per_page"], &seen.body["total"]),
            (&json!(per_page), &json!(5))
        );
    }
    assert!(stage.get("/tickets").await.ids().is_empty());
    let beyond = stage.get("/tickets?query=id%3E0&page=9&per_page=2").await;
    let address = "http://sim.test/REST/2.0/tickets?query=id%3E0&=&per_page=2&page=3";
    assert_eq!(beyond.body["prev_page"], address);
}

#[tokio::test]
async fn rows_have_what_was_asked_for() {
    let stage = Stage::plain();
    let id = stage
        .create(json!({"CustomFields": {"Severity": "Low"}}))
        .await;
    let fields = "fields=Subject,Nonsense,Owner,Requestor,CustomFields&fields[Owner]=Name,EmailAddress\
                  &fields[Requestor]=EmailAddress,RealName&fields[CustomFields]=MaxValues";

    let seen = stage
        .get(&format!("/tickets?query=id%3D{id}&{fields}"))
        .await;

    let row = &seen.body["items"][0];
    assert_eq!((&row["id"], &row["Nonsense"]), (&json!("1"), &json!("")));
    assert_eq!(row["Owner"]["EmailAddress"], "");
    assert_eq!(row["Requestor"][0]["RealName"], "Customer 1");
    let all = row["CustomFields"].as_array().unwrap();
    let severity = all
        .iter()
        .find(|field| field["name"] == "Severity")
        .unwrap();
    assert_eq!(
        (&severity["MaxValues"], &severity["values"]),
        (&json!("1"), &json!(["Low"]))
    );
    // One ticket on its own has all fields, but its lists of people have none.
    let whole = stage.get(&format!("/ticket/{id}?{fields}")).await.body;
    assert_eq!(whole["id"], 1);
    assert_eq!(whole["Owner"]["Name"], "Nobody");
    assert_eq!(whole["Requestor"][0].get("RealName"), None);
}

#[tokio::test]
async fn without_an_order_rows_come_as_they_like() {
    for (ties, expected) in [(Ties::ByStatus, [1, 3, 2]), (Ties::NewestFirst, [3, 2, 1])] {
        let stage = Stage::new(|options| options.switches.ties = ties);
        for status in ["new", "open", "new"] {
            stage.create(json!({"Status": status})).await;
        }
        assert_eq!(
            stage.agent_get("/tickets?query=id%3E0").await.ids(),
            expected
        );
        let ordered = stage
            .agent_get("/tickets?query=id%3E0&orderby=LastUpdated&orderby=id")
            .await;
        assert_eq!(ordered.ids(), [1, 2, 3]);
    }
}

#[tokio::test]
async fn custom_fields_come_in_any_order() {
    let stage = Stage::plain();
    let id = stage.create(json!({})).await;
    let mut orders = std::collections::BTreeSet::new();
    for _ in 0..30 {
        let fields = stage.member(id, "CustomFields").await;
        orders.insert(fields.as_array().unwrap()[0]["id"].to_string());
    }
    assert_eq!(orders.len(), 3);
}
