//! The languages of searches, as the real server was seen to read them.

use http::StatusCode;
use serde_json::json;

use super::Stage;

/// Three tickets in two queues.
async fn three() -> Stage {
    let stage = Stage::plain();
    stage
        .create(json!({"Subject": "Seed: it's broken", "Priority": 0, "CustomFields": {"Tags": ["seed", "n1"]}}))
        .await;
    stage
        .create(
            json!({"Subject": "100% done", "Priority": 50, "Owner": "agent1", "Status": "open",
            "Requestor": "customer2@example.org", "CustomFields": {"Tags": ["seed"]}}),
        )
        .await;
    stage
        .create(
            json!({"Queue": "Billing", "Subject": "C:\\temp", "Priority": "abc", "Requestor": [],
            "Due": "2027-01-01 00:00:00"}),
        )
        .await;
    stage
}

#[tokio::test]
async fn queries_find_what_the_real_server_finds() {
    let stage = three().await;
    let cases: [(&str, &[u64]); 43] = [
        ("id > 0", &[1, 2, 3]),
        ("id = '1'", &[1]),
        ("id='abc'", &[]),
        ("id < '0x'", &[1, 2, 3]),
        ("id LIKE 1", &[1]),
        ("id != 1", &[2, 3]),
        ("Status = 'NEW'", &[1, 3]),
        ("status='open' or id=3", &[2, 3]),
        ("Status='__Active__' AND id < 3", &[1, 2]),
        ("Status='__Inactive__'", &[]),
        ("Queue='support'", &[1, 2]),
        ("Queue=4", &[3]),
        ("Queue!='nope'", &[1, 3, 2]),
        ("Queue LIKE 'Supp'", &[1, 2]),
        ("Owner='Nobody'", &[1, 3]),
        ("Owner = 6", &[1, 3]),
        ("Owner != 'Nobody'", &[2]),
        ("Owner='ghost'", &[]),
        ("Owner.Name LIKE 'gen'", &[2]),
        ("Subject LIKE 'SEED'", &[1]),
        ("Subject LIKE '_eed'", &[1]),
        ("Subject STARTSWITH 'Seed'", &[1]),
        ("Subject NOT LIKE 'seed'", &[2, 3]),
        (r"Subject LIKE 'it\'s'", &[1]),
        (r#"Subject = "C:\\temp""#, &[3]),
        ("Priority >= 50", &[2, 3]),
        ("Priority < 50", &[1]),
        ("Priority IS NULL", &[]),
        ("Due IS NULL", &[1, 2]),
        ("Due IS NOT NULL", &[3]),
        ("Due < '2030-01-01'", &[3]),
        ("Requestor.EmailAddress='CUSTOMER2@example.org'", &[2]),
        ("Requestor='customer2@example.org'", &[2]),
        ("Requestor.id = 41", &[2]),
        ("Requestor.EmailAddress IS NULL", &[3]),
        ("Requestor.EmailAddress != 'customer2@example.org'", &[1, 3]),
        ("CF.{Tags}='SEED' AND CF.{tags} != 'n1'", &[2]),
        ("CF.Tags LIKE 'see'", &[1, 2]),
        ("CF.{Tags} IS NULL", &[3]),
        ("CF.{Nope}='x'", &[]),
        ("CF.{Nope}!='x'", &[1, 2, 3]),
        ("Content LIKE 'x'", &[]),
        ("Type != 'ticket'", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(stage.find(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn the_last_aggregator_of_a_group_stands_for_all() {
    let stage = three().await;

    assert!(stage.find("id=1 OR id=2 AND id=3").await.is_empty());
    assert_eq!(stage.find("id=3 AND id=2 OR id=1").await, [1, 2, 3]);
    assert_eq!(stage.find("id=1 OR (id=2 AND id=3)").await, [1]);
}

#[tokio::test]
async fn wrong_queries_are_400_with_perls_words() {
    let stage = three().await;
    let cases = [
        ("Nonsense='x'", "Unknown field: Nonsense"),
        ("this is not sql", "Unknown field: this"),
        (
            "Status=new",
            "Wrong query, no such column 'new' in 'Status=new'",
        ),
        (
            "id=1 AND",
            "Incomplete query, last element (AGGREGATOR) is not close paren or value in 'id=1 AND'",
        ),
        ("(id=1", "Incomplete query, 1 unclosed paren in '(id=1'"),
        (
            "id=1)",
            "Wrong query, expecting a AGGREGATOR in 'id=1>)<--here'",
        ),
        (
            "id IN (1,2)",
            "Wrong query, expecting a OPERATOR in 'id >IN<--here (1,2)'",
        ),
        (
            "Subject LIKE 'it''s'",
            "Wrong query, expecting a AGGREGATOR in 'Subject LIKE 'it'>'s'<--here'",
        ),
        ("Created != '2020-01-01'", "Invalid Date Op: !="),
        ("Creator LIKE 'oo'", "Invalid Operation: LIKE for Creator"),
        ("Requestor.Foo='x'", "Invalid watcher subfield: 'Foo'"),
    ];
    for (query, message) in cases {
        let seen = stage
            .get(&format!("/tickets?query={}", super::encoded(query)))
            .await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{query}");
        let told = seen.body["message"].as_str().unwrap();
        let (told, place) = told.split_once(" at /usr/share/").unwrap();
        assert_eq!(told, message);
        assert!(
            place.starts_with("request-tracker5/lib/RT/Tickets.pm line "),
            "{place}"
        );
    }
}

#[tokio::test]
async fn transactions_of_other_objects_have_the_same_numbers() {
    let stage = three().await;
    let find = async |query: &str| {
        let path = format!(
            "/transactions?query={}&fields=ObjectType",
            super::encoded(query)
        );
        let seen = stage.get(&path).await.body;
        let rows = seen["items"].as_array().unwrap().clone();
        rows.iter()
            .map(|one| one["ObjectType"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };

    assert_eq!(
        find("TicketId=3 AND Type='Create'").await,
        ["RT::Queue", "RT::Ticket"]
    );
    assert_eq!(
        find("ObjectType='RT::Ticket' AND TicketId=3 AND Type='Create'").await,
        ["RT::Ticket"]
    );
    let path = format!("/transactions?query={}", super::encoded("id IN (1,2)"));
    assert_eq!(stage.get(&path).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.get("/transactions").await.body["total"], 0);
}

#[tokio::test]
async fn attachments_are_found_by_json() {
    let stage = three().await;
    let file =
        json!({"FileName": "a.bin", "FileType": "application/octet-stream", "FileContent": "AAEC"});
    let body = json!({"Content": "<p>x</p>", "ContentType": "text/html", "Attachments": [file]});
    let made = stage.send("POST", "/ticket/3/comment", body).await;
    let number: u64 = made
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let find = async |search: serde_json::Value| {
        let fields = "fields=ContentType,Filename,Content&orderby=id";
        let path = format!(
            "/attachments?{fields}&query={}",
            super::encoded(&search.to_string())
        );
        let seen = stage.get(&path).await.body;
        let rows = seen["items"].as_array().unwrap().clone();
        rows.iter()
            .map(|one| format!("{}{}", one["ContentType"], one["Filename"]))
            .collect::<Vec<_>>()
    };
    let of = json!({"field": "TransactionId", "operator": "IN", "value": [number]});

    let all = [
        r#""multipart/mixed""""#,
        r#""text/html""""#,
        r#""application/octet-stream""a.bin""#,
    ];
    assert_eq!(find(json!([of])).await, all);
    let bodies = json!({"field": "Filename", "operator": "IS", "value": "NULL"});
    let texts =
        json!({"field": "ContentType", "operator": "IN", "value": ["text/plain", "text/html"]});
    assert_eq!(find(json!([of, texts, bodies])).await, all[1..2]);
    let files = json!({"field": "Filename", "operator": "IS NOT", "value": "NULL"});
    assert_eq!(find(json!([of, files])).await, all[2..]);
    assert!(
        find(json!([{"field": "Nonsense", "value": 1}]))
            .await
            .is_empty()
    );
    assert!(find(json!([])).await.is_empty());
    let parents = stage
        .get(&format!("/transaction/{number}/attachments?fields=Parent"))
        .await;
    assert_eq!((parents.status.as_u16(), parents.text.as_str()), (500, ""));
}
