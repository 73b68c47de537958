//! Keys that access tokens are signed with. The newest signs; the others are accepted until they retire.

use std::time::Duration;

use secrecy::SecretBox;

use crate::store::error::StoreError;
use crate::store::vault::Place;
use crate::store::{Store, later, own_keys, random};

/// Characters of an id.
const ID_LENGTH: usize = 12;

/// A key that is accepted.
pub struct SigningKey {
    /// Its id, as in the header of the tokens that it has signed.
    pub id: String,
    /// What it signs with.
    pub secret: SecretBox<[u8; 32]>,
}

impl Store {
    /// The keys that are accepted, the newest first. There is always one.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        /// Those that have not retired.
        const LIST: &str = "
            select id, secret
            from signing_keys
            where retires_at is null or retires_at > $1
            order by created_at desc, id";

        let list = async || -> Result<Vec<(String, String)>, StoreError> {
            Ok(on_db!(&self.db, |pool| sqlx::query_as(LIST)
                .bind(self.now())
                .fetch_all(pool)
                .await)?)
        };
        let mut rows = list().await?;
        if rows.is_empty() {
            self.insert_signing_key().await?;
            rows = list().await?;
        }
        let open = |(id, secret): (String, String)| {
            let opened = self.vault.open(Place::SigningKey(&id), &secret);
            let opened = opened.ok_or(StoreError::WrongMasterKey)?;
            let secret = own_keys::read(&opened).ok_or(StoreError::Row {
                table: "signing_keys",
                column: "secret",
            })?;
            Ok(SigningKey { id, secret })
        };
        rows.into_iter().map(open).collect()
    }

    /// Makes a key that signs from now on, and retires the others after `overlap`; returns its id.
    pub async fn rotate_signing_key(&self, overlap: Duration) -> Result<String, StoreError> {
        /// Every other one that has no end yet, or a later one.
        const RETIRE: &str = "
            update signing_keys
            set retires_at = $2
            where id <> $1 and (retires_at is null or retires_at > $2)";

        // The new one first: there is always one that signs.
        let id = self.insert_signing_key().await?;
        on_db!(&self.db, |pool| sqlx::query(RETIRE)
            .bind(&id)
            .bind(later(self.now(), overlap))
            .execute(pool)
            .await
            .map(drop))?;
        Ok(id)
    }

    /// Adds a new key; returns its id.
    async fn insert_signing_key(&self) -> Result<String, StoreError> {
        /// Adds one, newer than all others even where clocks differ.
        const INSERT: &str = "
            insert into signing_keys (id, secret, created_at)
            select $1, $2, case when max(created_at) >= $3 then max(created_at) + 1 else $3 end
            from signing_keys";

        let id = random::draw_name(ID_LENGTH);
        let sealed = self
            .vault
            .seal(Place::SigningKey(&id), &own_keys::draw()?)?;
        on_db!(&self.db, |pool| sqlx::query(INSERT)
            .bind(&id)
            .bind(&sealed)
            .bind(self.now())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(id)
    }
}
