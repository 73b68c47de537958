//! Applications: who owns accounts, and in whose name an API key calls.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::store::{Store, error::StoreError, random, read_time};

/// Names an application: 16 random lower-case letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApplicationId(String);

/// An application that calls the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id, as in tokens and rows.
    pub id: ApplicationId,
    /// What its owner calls it; no two have the same name.
    pub name: String,
    /// When its first key was made.
    pub created_at: Timestamp,
}

/// A row of `applications`.
#[derive(sqlx::FromRow)]
struct ApplicationRow {
    /// The id.
    id: String,
    /// The name.
    name: String,
    /// Unix milliseconds.
    created_at: i64,
}

/// Characters in the id of an application.
const ID_LENGTH: usize = 16;

impl Store {
    /// Lists all applications, the oldest first. They are made by hand, so there are few.
    pub async fn list_applications(&self) -> Result<Vec<Application>, StoreError> {
        /// Every application, in order.
        const LIST: &str = "
            select id, name, created_at
            from applications
            order by created_at, id";

        let rows = on_db!(&self.db, |pool| sqlx::query_as::<_, ApplicationRow>(LIST)
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(Application::try_from).collect()
    }

    /// Finds an application by its id or else by its name.
    pub async fn find_application(
        &self,
        name_or_id: &str,
    ) -> Result<Option<Application>, StoreError> {
        /// An id comes before a name that happens to read the same.
        const FIND: &str = "
            select id, name, created_at
            from applications
            where id = $1 or name = $1
            order by case when id = $1 then 0 else 1 end
            limit 1";

        let row = on_db!(&self.db, |pool| sqlx::query_as::<_, ApplicationRow>(FIND)
            .bind(name_or_id)
            .fetch_optional(pool)
            .await)?;
        row.map(Application::try_from).transpose()
    }

    /// Returns the id of the application with this name, making the application when it is missing.
    pub(super) async fn ensure_application(&self, name: &str) -> Result<ApplicationId, StoreError> {
        /// The update changes nothing; without it a row that exists would not be returned.
        const ENSURE: &str = "
            insert into applications (id, name, created_at)
            values ($1, $2, $3)
            on conflict (name) do update set name = excluded.name
            returning id";

        // Not `fetch_one`: see `Store::insert_account`.
        let ids: Vec<String> = on_db!(&self.db, |pool| sqlx::query_scalar(ENSURE)
            .bind(random::draw_name(ID_LENGTH))
            .bind(name)
            .bind(self.now())
            .fetch_all(pool)
            .await)?;
        let id = ids.into_iter().next().ok_or(sqlx::Error::RowNotFound)?;
        ApplicationId::from_row(&id, "applications", "id")
    }
}

impl ApplicationId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads an id that the database holds in this column.
    pub(super) fn from_row(
        text: &str,
        table: &'static str,
        column: &'static str,
    ) -> Result<Self, StoreError> {
        text.parse().map_err(|_| StoreError::Row { table, column })
    }
}

/// Says that a text is not the id of an application.
#[derive(Debug, thiserror::Error)]
#[error("an application id is 16 lower-case letters and digits")]
pub struct NotAnApplicationId;

impl FromStr for ApplicationId {
    type Err = NotAnApplicationId;

    fn from_str(text: &str) -> Result<Self, NotAnApplicationId> {
        if random::is_name(text, ID_LENGTH) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnApplicationId)
        }
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<ApplicationRow> for Application {
    type Error = StoreError;

    fn try_from(row: ApplicationRow) -> Result<Self, StoreError> {
        let ApplicationRow {
            id,
            name,
            created_at,
        } = row;
        Ok(Self {
            id: ApplicationId::from_row(&id, "applications", "id")?,
            name,
            created_at: read_time(created_at, "applications")?,
        })
    }
}
