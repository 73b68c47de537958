//! API keys: what an application shows to say who it is.
//!
//! A key reads `dg_<key id>_<secret>`. The prefix lets scanners of leaked secrets find it, the key
//! id finds its row, and the secret is stored only as a SHA-256 hash. A plain hash is enough: the
//! secret has 256 random bits, so there is nothing to guess that salt or a slow hash would protect.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::store::{
    Store, applications::ApplicationId, error::StoreError, later, own_keys, random, read_time,
};

/// The table, for messages about it.
const TABLE: &str = "api_keys";

/// A key that was just made. Its text is shown once; nobody can read it from the database.
#[derive(Debug)]
pub struct NewKey {
    /// The application that it calls for.
    pub application_id: ApplicationId,
    /// Its public half, which names it in the database.
    pub key_id: String,
    /// The whole key.
    pub api_key: SecretString,
}

/// What every key begins with.
const PREFIX: &str = "dg_";

/// Characters of the public half.
const KEY_ID_LENGTH: usize = 12;

/// Characters of the secret half: base64url without padding.
const SECRET_LENGTH: usize = 43;

/// What is said of a key when it is made.
#[derive(Debug, Default, Clone)]
pub struct KeyTerms {
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may do: scopes, separated by blanks. None: everything.
    pub scopes: Option<String>,
    /// How long it counts. None: until it is revoked.
    pub lifetime: Option<Duration>,
}

/// A key that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public half.
    pub id: String,
    /// The application that it calls for.
    pub application: ApplicationId,
    /// What it may do: scopes, separated by blanks. None: everything.
    pub scopes: Option<String>,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
}

/// A key, for whoever runs this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// Its public half.
    pub id: String,
    /// The application that it calls for.
    pub application: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may do. None: everything.
    pub scopes: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
    /// Since when it does not count any more.
    pub revoked_at: Option<Timestamp>,
}

/// A row of a list of keys.
#[derive(sqlx::FromRow)]
struct ListedRow {
    /// Its public half.
    key_id: String,
    /// Name of its application.
    application: String,
    /// What its owner calls it.
    name: Option<String>,
    /// What it may do.
    scopes: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    last_used_at: Option<i64>,
    /// Unix milliseconds.
    expires_at: Option<i64>,
    /// Unix milliseconds.
    revoked_at: Option<i64>,
}

impl Store {
    /// Makes a key for the application with this name, and the application when it is missing.
    pub async fn create_key(
        &self,
        application_name: &str,
        terms: KeyTerms,
    ) -> Result<NewKey, StoreError> {
        /// Adds a key.
        const INSERT: &str = "
            insert into api_keys (key_id, secret_hash, application_id, created_at, name, scopes, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7)";

        let KeyTerms {
            name,
            scopes,
            lifetime,
        } = terms;
        let secret = own_keys::draw()?;
        let key_id = random::draw_name(KEY_ID_LENGTH);
        let now = self.now();

        // Without a transaction: an application that is left without a key does no harm, and the
        // next attempt finds it.
        let application_id = self.ensure_application(application_name).await?;
        on_db!(&self.db, |pool| sqlx::query(INSERT)
            .bind(&key_id)
            .bind(hash(secret.expose_secret()))
            .bind(application_id.as_str())
            .bind(now)
            .bind(name)
            .bind(scopes)
            .bind(lifetime.map(|lifetime| later(now, lifetime)))
            .execute(pool)
            .await
            .map(drop))?;

        let api_key = format!("{PREFIX}{key_id}_{}", secret.expose_secret());
        Ok(NewKey {
            application_id,
            key_id,
            api_key: SecretString::from(api_key),
        })
    }

    /// Finds the key that was presented; none for a wrong, revoked or expired one.
    ///
    /// What does not look like a key costs no query.
    pub async fn find_key(&self, presented: &str) -> Result<Option<ApiKey>, StoreError> {
        /// A key that still counts.
        const FIND: &str = "
            select secret_hash, application_id, scopes, expires_at
            from api_keys
            where key_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";

        let Some((key_id, secret)) = split(presented) else {
            return Ok(None);
        };
        let row: Option<(String, String, Option<String>, Option<i64>)> =
            on_db!(&self.db, |pool| sqlx::query_as(FIND)
                .bind(key_id)
                .bind(self.now())
                .fetch_optional(pool)
                .await)?;
        let Some((secret_hash, application_id, scopes, expires_at)) = row else {
            return Ok(None);
        };

        let same =
            constant_time::verify_slices_are_equal(secret_hash.as_bytes(), hash(secret).as_bytes());
        if same.is_err() {
            return Ok(None);
        }
        Ok(Some(ApiKey {
            id: key_id.to_owned(),
            application: ApplicationId::from_row(&application_id, TABLE, "application_id")?,
            scopes,
            expires_at: read_optional(expires_at)?,
        }))
    }

    /// Lists all keys, those of one application together, the oldest first. They are made by hand, so there are few.
    pub async fn list_keys(&self) -> Result<Vec<ListedKey>, StoreError> {
        /// Every key, in order.
        const LIST: &str = "
            select keys.key_id, applications.name as application, keys.name, keys.scopes,
                keys.created_at, keys.last_used_at, keys.expires_at, keys.revoked_at
            from api_keys keys
            join applications on applications.id = keys.application_id
            order by applications.created_at, applications.id, keys.created_at, keys.key_id";

        let rows = on_db!(&self.db, |pool| sqlx::query_as::<_, ListedRow>(LIST)
            .fetch_all(pool)
            .await)?;
        let read = |row: ListedRow| {
            Ok(ListedKey {
                id: row.key_id,
                application: row.application,
                name: row.name,
                scopes: row.scopes,
                created_at: read_time(row.created_at, TABLE)?,
                last_used_at: read_optional(row.last_used_at)?,
                expires_at: read_optional(row.expires_at)?,
                revoked_at: read_optional(row.revoked_at)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Notes that a key was used just now.
    pub async fn note_key_use(&self, key_id: &str) -> Result<(), StoreError> {
        /// Notes it.
        const NOTE: &str = "
            update api_keys
            set last_used_at = $2
            where key_id = $1 and (last_used_at is null or last_used_at < $2)";

        on_db!(&self.db, |pool| sqlx::query(NOTE)
            .bind(key_id)
            .bind(self.now())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Revokes a key by its public half; says whether it was a key that counted until now.
    pub async fn revoke_key(&self, key_id: &str) -> Result<bool, StoreError> {
        /// Ends a key; the time of an earlier end stays.
        const REVOKE: &str = "
            update api_keys
            set revoked_at = $2
            where key_id = $1 and revoked_at is null";

        let rows = on_db!(&self.db, |pool| sqlx::query(REVOKE)
            .bind(key_id)
            .bind(self.now())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows > 0)
    }
}

/// Reads a time of a key, if there is one.
fn read_optional(time: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    time.map(|time| read_time(time, TABLE)).transpose()
}

/// Splits a key into its public and its secret half, if it has the shape of one.
fn split(presented: &str) -> Option<(&str, &str)> {
    let (key_id, secret) = presented.strip_prefix(PREFIX)?.split_once('_')?;
    (random::is_name(key_id, KEY_ID_LENGTH) && secret.len() == SECRET_LENGTH)
        .then_some((key_id, secret))
}

/// Hashes the secret half as it is written, so that only that very text is accepted.
fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}
