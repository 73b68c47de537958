//! Use cases on the audit log.

use jiff::Timestamp;
use url::form_urlencoded;

use crate::desk::ListRequest;
use crate::desk::opened::Desks;
use crate::desk::page_token::{Place, Scope};
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::model::page::Cursor;
use crate::store::applications::ApplicationId;
use crate::store::audit::{AuditPosition, AuditQuery, NotAPosition, StoredEntry};

/// Which entries are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this account only.
    pub account: Option<AccountId>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// Reads it from a query; what else stands there does not count.
    pub fn read(query: &str) -> Result<Self> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let time = || {
                value.parse().map_err(|_| {
                    let wanted = "a time such as 2026-11-20T20:00:00Z";
                    Error::InvalidParameter(format!("{name} must be {wanted}, not {value:?}"))
                })
            };
            match name.as_ref() {
                "account_id" => filter.account = Some(value.parse()?),
                "since" => filter.since = Some(time()?),
                "until" => filter.until = Some(time()?),
                _ => {}
            }
        }
        Ok(filter)
    }

    /// Writes it as it is read.
    fn to_query(self) -> String {
        let times = [("since", self.since), ("until", self.until)];
        let account = self.account.map(|account| account.to_string());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(account.map(|account| ("account_id", account)))
            .extend_pairs(
                times
                    .into_iter()
                    .filter_map(|(name, time)| Some((name, time?.to_string()))),
            )
            .finish()
    }
}

impl Desks {
    /// What was done in the name of an application, the newest first.
    pub async fn audit(
        &self,
        application: &ApplicationId,
        asked: AuditFilter,
        request: &ListRequest,
    ) -> Result<(Vec<StoredEntry>, Option<String>)> {
        let scope = Scope::Audit(application);
        let page = self.page_tokens.open(&scope, request)?;
        let filter = match &page.at {
            None => asked,
            Some(_) => AuditFilter::read(&page.parameters)?,
        };
        if asked != filter && asked != AuditFilter::default() {
            let message = "the filter is another one than this page's: leave it out, or begin anew without page";
            return Err(Error::BadRequest(message.into()));
        }
        let before = page.at.as_ref().map(|cursor| cursor.0.parse()).transpose();
        let AuditFilter {
            account,
            since,
            until,
        } = filter;
        let query = AuditQuery {
            application: application.clone(),
            account,
            since,
            until,
            before: before.map_err(|error: NotAPosition| Error::Internal(error.into()))?,
            // One more than fits on the page tells whether there is a next one.
            limit: u32::from(page.size) + 1,
        };
        let mut entries = self.store.list_audit(query).await?;
        let more = entries.len() > usize::from(page.size);
        entries.truncate(usize::from(page.size));
        let last = entries.last().filter(|_| more);
        let next_page = last.map(|last| {
            let place = Place {
                at: Some(Cursor(AuditPosition::from(last).to_string())),
                parameters: filter.to_query(),
                ..page
            };
            self.page_tokens.seal(&scope, &place)
        });
        Ok((entries, next_page.transpose()?))
    }
}
