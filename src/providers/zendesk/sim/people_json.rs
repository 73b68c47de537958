//! Users, groups and organizations as the API shows them (Zendesk reference, section 10).

use serde_json::{Value, json};

use super::records_people::{Group, Organization, User};

/// A user, whole, as agents see one.
pub(super) fn user(base: &str, user: &User) -> Value {
    let id = user.id;
    let is_agent = user.is_agent();
    json!({
        "id": id,
        "url": format!("{base}/api/v2/users/{id}.json"),
        "name": user.name,
        "email": user.email,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "time_zone": user.time_zone,
        "iana_time_zone": user.time_zone,
        "phone": user.phone,
        "shared_phone_number": user.phone.as_ref().map(|_| false),
        "photo": null,
        "locale_id": 1,
        "locale": user.locale,
        "organization_id": user.organization_id,
        "role": user.role,
        "verified": user.verified,
        "external_id": user.external_id,
        "tags": user.tags,
        "alias": user.alias,
        "active": user.active,
        "shared": false,
        "shared_agent": false,
        "last_login_at": user.last_login_at,
        "two_factor_auth_enabled": is_agent.then_some(false),
        "signature": user.signature,
        "details": user.details,
        "notes": user.notes,
        "role_type": is_agent.then_some(4),
        "custom_role_id": user.custom_role_id,
        "moderator": is_agent,
        "ticket_restriction": (!is_agent).then_some("requested"),
        "only_private_comments": user.only_private_comments,
        "restricted_agent": !user.is_admin(),
        "suspended": user.suspended,
        "default_group_id": user.default_group_id,
        "report_csv": user.is_admin(),
        "user_fields": user.user_fields,
    })
}

/// A group.
pub(super) fn group(base: &str, group: &Group) -> Value {
    json!({
        "url": format!("{base}/api/v2/groups/{}.json", group.id),
        "id": group.id,
        "is_public": group.is_public,
        "name": group.name,
        "description": group.description,
        "default": group.default,
        "deleted": group.deleted,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    })
}

/// An organization.
pub(super) fn organization(base: &str, organization: &Organization) -> Value {
    json!({
        "url": format!("{base}/api/v2/organizations/{}.json", organization.id),
        "id": organization.id,
        "name": organization.name,
        "shared_tickets": organization.shared_tickets,
        "shared_comments": organization.shared_comments,
        "external_id": organization.external_id,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
        "domain_names": organization.domain_names,
        "details": organization.details,
        "notes": organization.notes,
        "group_id": organization.group_id,
        "tags": organization.tags,
        "organization_fields": organization.organization_fields,
    })
}
