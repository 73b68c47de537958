//! What nobody outside knows about the real service, as choices (Zendesk reference, section 15 and wherever it
//! says `[?]`).
//!
//! The default of each is what is documented, or else what is likely. A gateway must behave the same whatever
//! they say, so tests turn them.

use jiff::SignedDuration;

/// The choices of one simulated account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent unknown, and its name says what true means"
)]
pub struct Switches {
    /// How the rate headers are called (section 12).
    pub rate_headers: RateHeaders,
    /// A 429 has its sentence as plain text instead of JSON (section 12).
    pub text_429: bool,
    /// A `page[size]` above 100 is cut to 100; otherwise it is refused with 400 (section 7).
    pub big_pages_are_capped: bool,
    /// A page that ends exactly at the end says `has_more`, and an empty one follows (section 7).
    pub exact_pages_have_more: bool,
    /// What `has_more` is about on a page asked for with `page[before]`.
    pub backwards: Backwards,
    /// Which id of two tickets with the same sort value comes first, whatever the direction of the sort.
    pub ties: Ties,
    /// `safe_update: false` checks the stamp as `true` does (section 4: the document and a client disagree).
    pub false_safe_update_checks: bool,
    /// An update that changes nothing answers `audit: null`; otherwise an audit without events (section 15).
    pub idle_update_answers_null_audit: bool,
    /// Priorities cannot be cleared once set: 422; otherwise the null is ignored (section 3).
    pub clearing_priority_is_refused: bool,
    /// What references to people, groups and fields do that do not exist (section 4).
    pub unknown_references: UnknownReferences,
    /// An agent who solves a ticket without assignee becomes its assignee (section 3).
    pub solving_assigns: bool,
    /// What the status `new` does to a ticket that was assigned or opened (section 3: it cannot come back).
    pub new_again: NewAgain,
    /// Values of drop-downs are tags of the ticket too, both ways.
    pub dropdowns_are_tags: bool,
    /// `due_at` on anything but a task is ignored; otherwise it is kept (section 15).
    pub due_at_is_for_tasks: bool,
    /// Tags are lower-cased, and split at blanks (section 15).
    pub tags_are_normalised: bool,
    /// What an update with an empty comment does (section 6).
    pub empty_comments: EmptyComments,
    /// What a refused start of an export answers (section 8).
    pub recent_start: RecentStart,
    /// An export that found nothing new answers a null cursor (section 8).
    pub null_cursor_at_end: bool,
    /// `DELETE …/tags` answers 204 without a body; otherwise 200 with the tags (section 4).
    pub deleting_tags_answers_204: bool,
    /// `show_many` finds archived tickets (section 4).
    pub show_many_finds_archived: bool,
    /// `/users/{id}/tickets/…` and `/organizations/{id}/tickets` list archived tickets (section 4).
    pub person_lists_show_archived: bool,
    /// `If-None-Match` with the same `ETag` answers 304 (section 1).
    pub etags_answer_304: bool,
    /// "CCs and followers" is on; otherwise `email_ccs` and `followers` are ignored (section 5).
    pub ccs_and_followers: bool,
    /// The status `hold` was activated (section 3).
    pub hold_is_active: bool,
    /// Attributes that do not exist are told of in `x-zendesk-api-warn` (section 1).
    pub api_warn: bool,
    /// Ticket objects repeat their custom fields as `fields` (section 3).
    pub duplicate_fields: bool,
    /// How long a job waits before it is carried out; its first answer is `queued` in any case (section 9).
    pub job_delay: SignedDuration,
    /// How long the search index stays behind (section 10).
    pub index_lag: SignedDuration,
    /// How long an upload's token lives: recorded three days, documented 60 minutes (section 6).
    pub upload_life: SignedDuration,
    /// Files need the account's credentials (section 6).
    pub files_need_credentials: bool,
    /// Downloads are sent on to an address that takes no credentials (section 6).
    pub files_redirect: bool,
    /// `GET /users/{id}` still shows who was deleted, as inactive (section 10).
    pub deleted_users_are_shown: bool,
    /// `POST /oauth/tokens` answers 200 instead of 201 (section 2).
    pub tokens_answer_200: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            rate_headers: RateHeaders::Of2024,
            text_429: false,
            big_pages_are_capped: false,
            exact_pages_have_more: false,
            backwards: Backwards::AsAsked,
            ties: Ties::AsSorted,
            false_safe_update_checks: true,
            idle_update_answers_null_audit: false,
            clearing_priority_is_refused: true,
            unknown_references: UnknownReferences::Refused,
            solving_assigns: false,
            new_again: NewAgain::Refused,
            dropdowns_are_tags: true,
            due_at_is_for_tasks: true,
            tags_are_normalised: true,
            empty_comments: EmptyComments::Refused,
            recent_start: RecentStart::BadRequest,
            null_cursor_at_end: false,
            deleting_tags_answers_204: true,
            show_many_finds_archived: true,
            person_lists_show_archived: false,
            etags_answer_304: false,
            ccs_and_followers: true,
            hold_is_active: true,
            api_warn: false,
            duplicate_fields: true,
            job_delay: SignedDuration::ZERO,
            index_lag: SignedDuration::ZERO,
            upload_life: SignedDuration::from_hours(72),
            files_need_credentials: false,
            files_redirect: false,
            deleted_users_are_shown: true,
            tokens_answer_200: false,
        }
    }
}

/// How the rate headers are called (section 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateHeaders {
    /// `ratelimit-…` and `zendesk-ratelimit-…`.
    Of2024,
    /// `rate-limit-…` and `zendesk-rate-limit-…`.
    Of2023,
    /// Not there at all, as on some answers.
    Absent,
}

/// What `has_more` is about on a page asked for with `page[before]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backwards {
    /// Whether there is more in the direction asked for: before the page.
    AsAsked,
    /// Whether there is more after the page, as on every other page.
    Forwards,
}

/// Which of two tickets with the same sort value comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// The smaller id in ascending lists, the greater in descending ones.
    AsSorted,
    /// The smaller id, always.
    IdAscending,
}

/// What references do that lead nowhere (section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownReferences {
    /// 422 with details.
    Refused,
    /// As if they had not been sent.
    Ignored,
}

/// What the status `new` does to a ticket that was assigned or opened (section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewAgain {
    /// 422.
    Refused,
    /// It becomes open.
    Opens,
}

/// What an update with an empty comment does (section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyComments {
    /// 422.
    Refused,
    /// As if it had not been sent.
    Ignored,
}

/// What an export answers whose start lies within the last minute (section 8: reports differ).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecentStart {
    /// 400 with the code `StartTimeTooRecent`.
    BadRequest,
    /// 422 `InvalidValue`.
    Unprocessable,
    /// 422 with the bare sentence as text.
    Text,
}
