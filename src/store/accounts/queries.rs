//! Stores, finds, changes and deletes accounts.

use jiff::Timestamp;
use rand::RngExt;
use secrecy::SecretString;

use crate::{
    model::id::AccountId,
    store::{
        Store,
        accounts::{
            Account, AccountChange, NewAccount, StoredAccount,
            position::AccountPosition,
            row::{AccountRow, SealedRow},
        },
        applications::ApplicationId,
        error::StoreError,
        vault::Place,
    },
};

impl Store {
    /// Stores a new account under a random id, with its credentials sealed.
    pub async fn insert_account(&self, new: NewAccount) -> Result<Account, StoreError> {
        /// An id that is taken adds no row.
        const INSERT: &str = "
            insert into accounts (id, application_id, service, origin, account, name, options,
                credentials, active, created_at, modified_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
            on conflict (id) do nothing
            returning id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at";

        let NewAccount {
            application_id,
            service,
            origin,
            account,
            name,
            options,
            credentials,
        } = new;
        loop {
            let Some(id) = AccountId::new(rand::rng().random_range(1..AccountId::END)) else {
                continue;
            };
            let place = Place::Credentials {
                application: &application_id,
                account: id,
                service: &service,
                origin: &origin,
            };
            let sealed = self.vault.seal(place, &credentials)?;
            // `fetch_all`, although there is one row at most: `fetch_optional` stops at the first
            // row, and SQLite then commits while the statement is reset, where sqlx does not look
            // at the outcome. A full disk would pass for a stored account.
            let rows = on_db!(&self.db, |pool| sqlx::query_as::<_, AccountRow>(INSERT)
                .bind(id.get().cast_signed())
                .bind(application_id.as_str())
                .bind(&service)
                .bind(&origin)
                .bind(&account)
                .bind(&name)
                .bind(&options)
                .bind(&sealed)
                .bind(true)
                .bind(self.now())
                .fetch_all(pool)
                .await)?;
            // No row means that the id is taken: one chance in 2^53 for each account there is.
            if let Some(row) = rows.into_iter().next() {
                return row.try_into();
            }
        }
    }

    /// Finds an account and opens its credentials, whoever owns it.
    ///
    /// The caller compares [`Account::application_id`] with who is asking.
    pub async fn find_account(&self, id: AccountId) -> Result<Option<StoredAccount>, StoreError> {
        /// One account, with what is sealed.
        const FIND: &str = "
            select id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at, credentials
            from accounts
            where id = $1";

        let row = on_db!(&self.db, |pool| sqlx::query_as::<_, SealedRow>(FIND)
            .bind(id.get().cast_signed())
            .fetch_optional(pool)
            .await)?;
        let Some(SealedRow {
            account,
            credentials,
        }) = row
        else {
            return Ok(None);
        };

        let account = Account::try_from(account)?;
        let credentials = self
            .vault
            .open(account.place(), &credentials)
            .ok_or(StoreError::Sealed { account: id })?;
        Ok(Some(StoredAccount {
            account,
            credentials,
        }))
    }

    /// Finds an account without opening its credentials: it is found even if they do not open.
    pub async fn inspect_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        /// One account, without what is sealed.
        const INSPECT: &str = "
            select id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at
            from accounts
            where id = $1";

        let row = on_db!(&self.db, |pool| sqlx::query_as::<_, AccountRow>(INSPECT)
            .bind(id.get().cast_signed())
            .fetch_optional(pool)
            .await)?;
        row.map(Account::try_from).transpose()
    }

    /// Lists up to `limit` accounts of one application behind a position, the oldest first.
    pub async fn list_accounts(
        &self,
        application: &ApplicationId,
        after: Option<AccountPosition>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        /// A page of one application's accounts.
        const LIST: &str = "
            select id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at
            from accounts
            where application_id = $1 and (created_at, id) > ($2, $3)
            order by created_at, id
            limit $4";

        let AccountPosition { created_at, id } = after.unwrap_or(AccountPosition::START);
        let rows = on_db!(&self.db, |pool| sqlx::query_as::<_, AccountRow>(LIST)
            .bind(application.as_str())
            .bind(created_at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(Account::try_from).collect()
    }

    /// Lists up to `limit` accounts of all applications behind a position, for whoever runs this.
    pub async fn list_all_accounts(
        &self,
        after: Option<AccountPosition>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        /// A page of all accounts.
        const LIST_ALL: &str = "
            select id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at
            from accounts
            where (created_at, id) > ($1, $2)
            order by created_at, id
            limit $3";

        let AccountPosition { created_at, id } = after.unwrap_or(AccountPosition::START);
        let rows = on_db!(&self.db, |pool| sqlx::query_as::<_, AccountRow>(LIST_ALL)
            .bind(created_at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(Account::try_from).collect()
    }

    /// Changes an account of this application; `None` when it has none of that id, or one that has changed
    /// meanwhile.
    pub async fn update_account(
        &self,
        application: &ApplicationId,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Option<Account>, StoreError> {
        /// What is null stays as it is.
        const UPDATE: &str = "
            update accounts
            set name = coalesce($3, name),
                account = coalesce($4, account),
                credentials = coalesce($5, credentials),
                reconnect_since = case when $5 is null then reconnect_since end,
                active = coalesce($6, active),
                modified_at = $7
            where id = $1 and application_id = $2
                and modified_at = coalesce($8, modified_at)
            returning id, application_id, service, origin, account, name, options,
                active, reconnect_since, tokens_from, created_at, modified_at";

        let AccountChange {
            name,
            account,
            credentials,
            active,
            as_of,
        } = change;
        let sealed = match credentials {
            None => None,
            // Two statements, but no race: what credentials are sealed for never changes.
            Some(credentials) => match self.inspect_account(id).await? {
                Some(found) if found.application_id == *application => {
                    Some(self.vault.seal(found.place(), &credentials)?)
                }
                Some(_) | None => return Ok(None),
            },
        };

        // Not `fetch_optional`: see `insert_account`.
        let rows = on_db!(&self.db, |pool| sqlx::query_as::<_, AccountRow>(UPDATE)
            .bind(id.get().cast_signed())
            .bind(application.as_str())
            .bind(name)
            .bind(account)
            .bind(sealed)
            .bind(active)
            .bind(self.now())
            .bind(as_of.map(Timestamp::as_millisecond))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().next().map(Account::try_from).transpose()
    }

    /// Stores credentials that were exchanged for the ones of this account as it was read; says whether it
    /// was still so.
    pub async fn renew_credentials(
        &self,
        account: &Account,
        fresh: &SecretString,
    ) -> Result<bool, StoreError> {
        /// Nothing, if the account has changed.
        const RENEW: &str = "
            update accounts
            set credentials = $3, reconnect_since = null, modified_at = $4
            where id = $1 and modified_at = $2";

        let sealed = self.vault.seal(account.place(), fresh)?;
        self.change_as_read(RENEW, account, sealed).await
    }

    /// Notes that the help desk does not renew the credentials of this account as it was read; says whether
    /// it was still so.
    pub async fn mark_for_reconnection(&self, account: &Account) -> Result<bool, StoreError> {
        /// Nothing, if the account has changed.
        const MARK: &str = "
            update accounts
            set reconnect_since = $3, modified_at = $4
            where id = $1 and modified_at = $2";

        self.change_as_read(MARK, account, self.now()).await
    }

    /// Changes an account unless it has changed since it was read. Its time of change moves in any case.
    async fn change_as_read<T>(
        &self,
        statement: &'static str,
        account: &Account,
        value: T,
    ) -> Result<bool, StoreError>
    where
        T: Send
            + for<'q> sqlx::Encode<'q, sqlx::Sqlite>
            + sqlx::Type<sqlx::Sqlite>
            + for<'q> sqlx::Encode<'q, sqlx::Postgres>
            + sqlx::Type<sqlx::Postgres>
            + 'static,
    {
        let read_at = account.modified_at.as_millisecond();
        let now = self.now().max(read_at + 1);
        let rows = on_db!(&self.db, |pool| sqlx::query(statement)
            .bind(account.id.get().cast_signed())
            .bind(read_at)
            .bind(value)
            .bind(now)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows > 0)
    }

    /// Ends the access tokens of an account that were issued until now; says whether this application has it.
    ///
    /// Tokens tell their time in whole seconds: the running second counts as past.
    pub async fn revoke_tokens(
        &self,
        application: &ApplicationId,
        id: AccountId,
    ) -> Result<bool, StoreError> {
        /// Moves the time from which tokens count, never back.
        const REVOKE: &str = "
            update accounts
            set tokens_from = case when tokens_from >= $3 then tokens_from + 1 else $3 end
            where id = $1 and application_id = $2";

        let from = self.clock.now().as_second() + 1;
        let rows = on_db!(&self.db, |pool| sqlx::query(REVOKE)
            .bind(id.get().cast_signed())
            .bind(application.as_str())
            .bind(from)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows > 0)
    }

    /// Deletes an account of this application; says whether there was one.
    pub async fn delete_account(
        &self,
        application: &ApplicationId,
        id: AccountId,
    ) -> Result<bool, StoreError> {
        /// One account, if it is theirs.
        const DELETE: &str = "
            delete from accounts
            where id = $1 and application_id = $2";

        let rows = on_db!(&self.db, |pool| sqlx::query(DELETE)
            .bind(id.get().cast_signed())
            .bind(application.as_str())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows > 0)
    }
}

impl Account {
    /// Returns the place that this account's credentials are sealed for.
    pub(in crate::store) fn place(&self) -> Place<'_> {
        Place::Credentials {
            application: &self.application_id,
            account: self.id,
            service: &self.service,
            origin: &self.origin,
        }
    }
}
