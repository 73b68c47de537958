//! Rows of `accounts`, as both databases give them, and what they mean.

use crate::{
    model::id::AccountId,
    store::{accounts::Account, applications::ApplicationId, error::StoreError, read_time},
};

/// The table, for messages about it.
const TABLE: &str = "accounts";

/// A row without its credentials. Columns mean what the fields of [`Account`] do.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct AccountRow {
    /// Below 2^53.
    id: i64,
    /// Refers to a row of `applications`.
    application_id: String,
    /// The vendor.
    service: String,
    /// Where the help desk is.
    origin: String,
    /// The login.
    account: Option<String>,
    /// The name.
    name: Option<String>,
    /// The text of a JSON object.
    options: String,
    /// Whether it may be used.
    active: bool,
    /// Unix milliseconds.
    reconnect_since: Option<i64>,
    /// Unix seconds.
    tokens_from: Option<i64>,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    modified_at: i64,
}

/// A row with its credentials, still sealed.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct SealedRow {
    /// Everything that is plain.
    #[sqlx(flatten)]
    pub(in crate::store) account: AccountRow,
    /// What the vault wrote.
    pub(in crate::store) credentials: String,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let AccountRow {
            id,
            application_id,
            service,
            origin,
            account,
            name,
            options,
            active,
            reconnect_since,
            tokens_from,
            created_at,
            modified_at,
        } = row;
        let id = u64::try_from(id)
            .ok()
            .and_then(AccountId::new)
            .ok_or(StoreError::Row {
                table: TABLE,
                column: "id",
            })?;
        Ok(Self {
            id,
            application_id: ApplicationId::from_row(&application_id, TABLE, "application_id")?,
            service,
            origin,
            account,
            name,
            options,
            active,
            reconnect_since: reconnect_since
                .map(|time| read_time(time, TABLE))
                .transpose()?,
            tokens_from,
            created_at: read_time(created_at, TABLE)?,
            modified_at: read_time(modified_at, TABLE)?,
        })
    }
}
