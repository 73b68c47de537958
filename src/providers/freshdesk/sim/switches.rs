//! What nobody outside knows about the real service, as choices (Freshdesk reference, section 19).
//!
//! The default of each is what is documented, or else what is likely. A gateway must behave the
//! same whatever they say, so tests turn them.

use jiff::SignedDuration;

/// The choices of one simulated account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent unknown, and its name says what true means"
)]
pub struct Switches {
    /// An account of 2017: the key sets recorded then, descriptions in lists, due dates at once
    /// (sections 4.2 and 4.4). Off by default.
    pub account_of_2017: bool,
    /// Lists carry descriptions unasked, as on accounts from before 2018-11-30 (section 4.2).
    pub descriptions_in_lists: bool,
    /// Which of two tickets with the same sort value comes first.
    pub tie_order: TieOrder,
    /// What a list of a trashed ticket's conversations answers; one client saw 403 (section 4.5).
    pub trashed_conversations: Refusal,
    /// What a reply or note on a trashed or spam ticket answers (section 4.5).
    pub posting_to_trashed: Refusal,
    /// What an edit of a reply or of incoming mail answers (section 6); never `Allowed`.
    pub editing_a_reply: Refusal,
    /// What a restore of a ticket answers that is not in the trash.
    pub restoring_a_live_ticket: Refusal,
    /// A 429 carries the rate headers too; its documented sample does not (section 2).
    pub rate_headers_on_429: bool,
    /// Rate headers are written as `50.0`, recorded in 2026 (section 2).
    pub decimal_rate_headers: bool,
    /// One window covers the ticket list, ticket views, their conversations and time entries,
    /// as recorded in 2021 (section 2).
    pub ticket_reads_share_window: bool,
    /// How a window of the rate limit ends.
    pub window: Window,
    /// How long the search index stays behind; "a few minutes" on the real service (section 5).
    pub index_lag: SignedDuration,
    /// Search takes `per_page`; otherwise it is an unknown parameter.
    pub search_takes_per_page: bool,
    /// The ticket list takes `include=company` (section 4.4).
    pub company_in_lists: bool,
    /// Requester and company filters show tickets of any age (section 4.4).
    pub person_filters_lift_30_days: bool,
    /// An update answers the due dates from before it, as accounts made after 2025-08-25 do
    /// (section 4.2).
    pub update_echoes_old_due_dates: bool,
    /// An update that changes nothing leaves `updated_at` alone (section 4.5).
    pub idle_updates_keep_updated_at: bool,
    /// `due_by` and `fr_due_by` are taken only together, in the future, in order, and not with
    /// status 4 or 5 (section 4.3).
    pub strict_due_dates: bool,
    /// What `due_by: null` on an update does.
    pub null_due_dates: NullDueDates,
    /// The longest subject that is taken.
    pub longest_subject: usize,
    /// How the `Link` header is spaced (section 3).
    pub link_blanks: LinkBlanks,
    /// The key belongs to an admin; others may read of agents only `agents/me` (section 10).
    pub admin_key: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            account_of_2017: false,
            descriptions_in_lists: false,
            tie_order: TieOrder::IdAscending,
            trashed_conversations: Refusal::Forbidden,
            posting_to_trashed: Refusal::NotAllowed,
            editing_a_reply: Refusal::NotAllowed,
            restoring_a_live_ticket: Refusal::NotFound,
            rate_headers_on_429: false,
            decimal_rate_headers: false,
            ticket_reads_share_window: false,
            window: Window::Fixed,
            index_lag: SignedDuration::ZERO,
            search_takes_per_page: false,
            company_in_lists: false,
            person_filters_lift_30_days: false,
            update_echoes_old_due_dates: true,
            idle_updates_keep_updated_at: true,
            strict_due_dates: true,
            null_due_dates: NullDueDates::Cleared,
            longest_subject: 255,
            link_blanks: LinkBlanks::AfterSemicolon,
            admin_key: true,
        }
    }
}

/// Which of two tickets with the same sort value comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieOrder {
    /// The smaller id, whatever the direction of the sort.
    IdAscending,
    /// The greater id, whatever the direction of the sort.
    IdDescending,
    /// Another order on every call: the worst that a database may do.
    Shuffled,
}

/// How something is refused whose refusal was never recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not at all.
    Allowed,
    /// With 400 and a validation error.
    BadRequest,
    /// With 403 `access_denied`.
    Forbidden,
    /// With the blank 404.
    NotFound,
    /// With 405.
    NotAllowed,
}

/// How a window of the rate limit ends (section 2: not documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// All at once, a minute after its first call.
    Fixed,
    /// Call by call, each a minute after it was made.
    Sliding,
}

/// What `due_by: null` on an update does (section 4.3: no rule is known).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullDueDates {
    /// Both due dates become null and stay so.
    Cleared,
    /// The service level sets them again.
    Recomputed,
    /// It is a validation error.
    Refused,
}

/// How the `Link` header is spaced (section 3: documentation and clients disagree).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkBlanks {
    /// `<https://…>; rel="next"`
    AfterSemicolon,
    /// `< https://…>;rel="next"`, as the documentation prints it.
    InsideBrackets,
}
