//! Seals everything again under the current master key, while others serve.
//!
//! Each row is written only if it still holds what was read, so nothing that changes meanwhile is lost; whoever has
//! changed it has sealed it under the current key, too.

use crate::model::id::AccountId;
use crate::store::Store;
use crate::store::accounts::Account;
use crate::store::accounts::row::SealedRow;
use crate::store::applications::ApplicationId;
use crate::store::error::StoreError;
use crate::store::vault::Place;

/// Rows that are read at once.
const AT_ONCE: i64 = 200;

/// How much was sealed again.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// Credentials of accounts.
    pub accounts: u64,
    /// Kept answers of writes.
    pub answers: u64,
    /// Keys of the gateway's own.
    pub keys: u64,
    /// Accounts whose credentials open under no master key that was given.
    pub unopened: Vec<AccountId>,
}

impl Store {
    /// Seals again what another master key than the current one has sealed.
    pub async fn reseal(&self) -> Result<Resealed, StoreError> {
        let mut done = Resealed::default();
        self.reseal_accounts(&mut done).await?;
        self.reseal_answers(&mut done).await?;
        self.reseal_named(
            &mut done,
            "select name, value from settings where value not like $1",
            "update settings set value = $3 where name = $1 and value = $2",
            |name| Place::Setting(name),
        )
        .await?;
        self.reseal_named(
            &mut done,
            "select id, secret from signing_keys where secret not like $1",
            "update signing_keys set secret = $3 where id = $1 and secret = $2",
            |id| Place::SigningKey(id),
        )
        .await?;
        Ok(done)
    }

    /// Seals credentials again.
    async fn reseal_accounts(&self, done: &mut Resealed) -> Result<(), StoreError> {
        /// Those behind an id that another key has sealed.
        const LIST: &str = "
            select id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at, credentials
            from accounts
            where id > $1 and credentials not like $2
            order by id
            limit $3";
        /// Writes them. The account counts as unchanged: what it says is the same.
        const UPDATE: &str = "
            update accounts
            set credentials = $3
            where id = $1 and credentials = $2";

        let sealed_now = self.sealed_now()?;
        let mut after = 0;
        loop {
            let rows: Vec<SealedRow> = on_db!(&self.db, |pool| sqlx::query_as(LIST)
                .bind(after)
                .bind(&sealed_now)
                .bind(AT_ONCE)
                .fetch_all(pool)
                .await)?;
            if rows.is_empty() {
                return Ok(());
            }
            for SealedRow {
                account,
                credentials,
            } in rows
            {
                let account = Account::try_from(account)?;
                after = account.id.get().cast_signed();
                let Some(fresh) = self.sealed_again(account.place(), &credentials)? else {
                    done.unopened.push(account.id);
                    continue;
                };
                done.accounts += on_db!(&self.db, |pool| sqlx::query(UPDATE)
                    .bind(after)
                    .bind(&credentials)
                    .bind(&fresh)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected()))?;
            }
        }
    }

    /// Seals kept answers again.
    async fn reseal_answers(&self, done: &mut Resealed) -> Result<(), StoreError> {
        /// Those behind a name that another key has sealed.
        const LIST: &str = "
            select id, application_id, account_id, answer
            from intents
            where id > $1 and answer not like $2
            order by id
            limit $3";
        /// Writes one.
        const UPDATE: &str = "
            update intents
            set answer = $3
            where id = $1 and answer = $2";

        let sealed_now = self.sealed_now()?;
        let mut after = String::new();
        loop {
            let rows: Vec<(String, String, i64, String)> =
                on_db!(&self.db, |pool| sqlx::query_as(LIST)
                    .bind(&after)
                    .bind(&sealed_now)
                    .bind(AT_ONCE)
                    .fetch_all(pool)
                    .await)?;
            if rows.is_empty() {
                return Ok(());
            }
            for (id, application, account, answer) in rows {
                let application =
                    ApplicationId::from_row(&application, "intents", "application_id")?;
                let place = Place::Answer {
                    application: &application,
                    account,
                    intent: &id,
                };
                // One that does not open is forgotten within a day.
                if let Some(fresh) = self.sealed_again(place, &answer)? {
                    done.answers += on_db!(&self.db, |pool| sqlx::query(UPDATE)
                        .bind(&id)
                        .bind(&answer)
                        .bind(&fresh)
                        .execute(pool)
                        .await
                        .map(|done| done.rows_affected()))?;
                }
                after = id;
            }
        }
    }

    /// Seals rows again of which each is named by a text, and which are few.
    async fn reseal_named(
        &self,
        done: &mut Resealed,
        list: &'static str,
        update: &'static str,
        place: for<'a> fn(&'a str) -> Place<'a>,
    ) -> Result<(), StoreError> {
        let sealed_now = self.sealed_now()?;
        let rows: Vec<(String, String)> = on_db!(&self.db, |pool| sqlx::query_as(list)
            .bind(&sealed_now)
            .fetch_all(pool)
            .await)?;
        for (name, sealed) in rows {
            let fresh = self.sealed_again(place(&name), &sealed)?;
            let fresh = fresh.ok_or(StoreError::WrongMasterKey)?;
            done.keys += on_db!(&self.db, |pool| sqlx::query(update)
                .bind(&name)
                .bind(&sealed)
                .bind(&fresh)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()))?;
        }
        Ok(())
    }

    /// A sealed text, sealed under the current key; nothing if it does not open.
    fn sealed_again(&self, place: Place<'_>, sealed: &str) -> Result<Option<String>, StoreError> {
        let opened = self.vault.open(place, sealed);
        opened.map(|text| self.vault.seal(place, &text)).transpose()
    }

    /// The pattern of what the current key has sealed.
    fn sealed_now(&self) -> Result<String, StoreError> {
        Ok(format!("{}%", self.vault.current_prefix()?))
    }
}
