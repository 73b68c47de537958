//! The ticket form that every seeded world has: the default fields, a custom status, and custom
//! fields of all kinds (Freshdesk reference, section 8).

use serde_json::{Value, json};

use super::records::Field;
use super::world::World;

/// Puts the fields into a world.
pub(super) fn plant(world: &mut World) {
    let rows = default_rows().into_iter().chain(custom_rows());
    for Row(name, label, customer_label, kind, choices) in rows {
        let levels: &[&str] = if kind == "nested_field" {
            &["cf_country", "cf_city"]
        } else {
            &[]
        };
        let field = Field {
            id: world.new_id(),
            name: name.to_owned(),
            label: label.to_owned(),
            customer_label: customer_label.to_owned(),
            kind: kind.to_owned(),
            required_for_agents: MANDATORY.contains(&name),
            required_for_closure: false,
            choices,
            levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        };
        world.fields.push(field);
    }
}

/// The fields that a default form makes mandatory, subject and description among them
/// (section 4.3).
const MANDATORY: [&str; 6] = [
    "requester",
    "subject",
    "source",
    "status",
    "priority",
    "description",
];

/// A field: name, label, label for customers, kind, choices.
struct Row(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Value,
);

/// The fields that every account has.
fn default_rows() -> [Row; 11] {
    // 6 and 7 are there on default accounts, the next one is the account's own.
    let statuses = json!({
        "2": ["Open", "Being Processed"],
        "3": ["Pending", "Awaiting your Reply"],
        "4": ["Resolved", "This ticket has been Resolved"],
        "5": ["Closed", "This ticket has been Closed"],
        "6": ["Waiting on Customer", "Awaiting your Reply"],
        "7": ["Waiting on Third Party", "Being Processed"],
        "8": ["Escalated to Engineering", "Being Processed"],
    });
    let sources = json!({
        "Email": 1, "Portal": 2, "Phone": 3, "Forum": 4, "Twitter": 5, "Facebook": 6, "Chat": 7,
        "MobiHelp": 8, "Feedback Widget": 9, "Outbound Email": 10, "Ecommerce": 11, "Bot": 12,
        "Whatsapp": 13,
    });
    let priorities = json!({"Low": 1, "Medium": 2, "High": 3, "Urgent": 4});
    let types = json!([
        "Question",
        "Incident",
        "Problem",
        "Feature Request",
        "Refund"
    ]);
    // Choices of groups, agents and products are read from the world.
    [
        Row(
            "requester",
            "Search a requester",
            "Requester",
            "default_requester",
            Value::Null,
        ),
        Row(
            "subject",
            "Subject",
            "Subject",
            "default_subject",
            Value::Null,
        ),
        Row("ticket_type", "Type", "Type", "default_ticket_type", types),
        Row("source", "Source", "Source", "default_source", sources),
        Row("status", "Status", "Status", "default_status", statuses),
        Row(
            "priority",
            "Priority",
            "Priority",
            "default_priority",
            priorities,
        ),
        Row("group", "Group", "Group", "default_group", Value::Null),
        Row(
            "agent",
            "Agent",
            "Assigned to",
            "default_agent",
            Value::Null,
        ),
        Row(
            "product",
            "Product",
            "Product",
            "default_product",
            Value::Null,
        ),
        Row(
            "description",
            "Description",
            "Description",
            "default_description",
            Value::Null,
        ),
        Row(
            "company",
            "Company",
            "Company",
            "default_company",
            Value::Null,
        ),
    ]
}

/// The account's own fields, one of every kind.
fn custom_rows() -> [Row; 9] {
    let plans = json!(["Basic", "Business", "Größer & Besser"]);
    let places = json!({
        "Europe": {"Germany": ["Berlin", "Köln"], "France": ["Paris", "Lyon"]},
        "Asia": {"Japan": ["Tokyo", "Osaka"], "Israel": ["תל אביב"]},
    });
    [
        Row(
            "cf_reference",
            "Order reference",
            "Your order",
            "custom_text",
            Value::Null,
        ),
        Row(
            "cf_details",
            "Details",
            "Details",
            "custom_paragraph",
            Value::Null,
        ),
        Row("cf_seats", "Seats", "Seats", "custom_number", Value::Null),
        Row(
            "cf_amount",
            "Amount",
            "Amount",
            "custom_decimal",
            Value::Null,
        ),
        Row(
            "cf_call_back",
            "Call back",
            "Please call me",
            "custom_checkbox",
            Value::Null,
        ),
        Row("cf_plan", "Plan", "Your plan", "custom_dropdown", plans),
        Row(
            "cf_installed_on",
            "Installed on",
            "Installed on",
            "custom_date",
            Value::Null,
        ),
        Row("cf_region", "Region", "Region", "nested_field", places),
        // Older accounts have names without the prefix (section 4.2).
        Row(
            "legacy_code",
            "Legacy code",
            "Legacy code",
            "custom_text",
            Value::Null,
        ),
    ]
}
