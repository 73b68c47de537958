//! What every provider must do, whatever happens in the help desk meanwhile.
//!
//! Each promise is a function that knows a provider by [`crate::desks::HelpDesk`] and its capabilities
//! alone; [`contract!`] makes a test of each for a provider: `contract::freshdesk::the_paging_law_holds`.

pub(crate) mod attributes;
mod comments;
mod comments_law;
mod conditional;
pub(crate) mod costs;
mod dry_run;
mod failures;
mod filters;
mod hostile;
pub(crate) mod lab;
pub(crate) mod law;
mod privacy;
mod tickets;
mod walks;

/// The tests of one provider. A promise that needs a lab is async and gets one.
macro_rules! contract {
    ($provider:ident: $desk:ty $(, $ignored:literal)?) => {
        mod $provider {
            contract! { @laws $desk $(, $ignored)?;
                law: the_paging_law_holds, page_numbers_break_the_law_so_the_test_can_fail;
                comments_law: the_paging_law_holds_for_comments;
                filters: filters_show_what_they_say_and_nothing_else;
                privacy: private_comments_stay_private;
                hostile: a_changed_answer_does_no_harm;
            }
            contract! { @promises $desk $(, $ignored)?;
                failures:
                    garbage_is_a_bad_gateway_and_is_not_repeated_to_the_client,
                    what_is_not_read_is_not_refused,
                    odd_values_never_fail_a_read,
                    refusals_are_told_as_what_they_are,
                    a_status_alone_says_what_went_wrong,
                    every_kind_of_failure_is_reached,
                    a_redirect_is_not_followed,
                    reads_are_repeated_after_trouble,
                    a_create_without_an_answer_to_trust_is_looked_for,
                    a_create_that_certainly_did_not_happen_is_repeated,
                    a_written_ticket_is_answered_even_if_it_cannot_be_read_again,
                    retry_after_is_in_whole_seconds,
                    silence_ends_with_the_deadline,
                    a_list_without_an_end_is_left_in_time,
                    a_help_desk_that_echoes_the_credential_does_not_tell_it_to_the_client,
                    a_credential_is_not_repeated_when_an_account_is_connected;
                walks:
                    a_walk_sees_every_ticket_of_any_age_once,
                    tickets_of_one_second_are_each_seen_once,
                    nobody_has_no_tickets,
                    orders_are_those_that_they_say,
                    bad_filters_are_refused_before_any_call,
                    a_page_belongs_to_its_parameters_and_needs_none_of_them,
                    sparse_objects_have_what_was_asked_for,
                    the_last_page_says_what_is_not_listed,
                    a_sync_token_shows_what_has_changed_since;
                dry_run:
                    a_dry_run_sends_nothing_and_shows_what_would_be_sent,
                    a_dry_run_tells_what_would_be_ignored_or_refused;
                conditional:
                    a_version_is_the_same_until_the_ticket_changes,
                    a_stale_writer_changes_nothing,
                    of_two_writers_one_wins;
                tickets:
                    a_ticket_is_made_as_it_was_asked_for,
                    a_new_ticket_has_the_defaults_of_the_api,
                    what_the_help_desk_lacks_is_ignored,
                    what_is_required_is_asked_for_before_any_call,
                    every_priority_and_status_can_be_made,
                    every_priority_and_status_can_be_set,
                    every_status_of_the_help_desks_own_is_told,
                    a_patch_touches_only_what_it_names,
                    null_empties_what_can_be_empty,
                    what_cannot_be_emptied_is_refused_before_any_call,
                    what_is_fixed_is_refused_unless_it_stays_the_same,
                    what_can_never_be_changed_is_refused_before_any_call,
                    unicode_and_html_survive,
                    a_deleted_ticket_is_not_found,
                    a_ticket_trashed_in_the_help_desk_is_not_found,
                    a_ticket_that_never_was_is_not_found,
                    a_spam_ticket_can_be_read_and_refuses_writes,
                    raw_data_comes_only_when_asked_for,
                    a_list_has_names_and_descriptions_in_few_calls,
                    the_requester_is_named_by_id_or_by_address,
                    an_unknown_id_is_refused_by_name,
                    addresses_work_with_and_without_slash_helpdesk_and_me,
                    a_missing_operation_is_501_before_any_call;
                comments:
                    a_comment_is_what_the_help_desk_stored,
                    unicode_and_html_survive_in_comments,
                    a_walk_sees_every_comment_once_oldest_first,
                    comments_of_people_are_listed_as_they_are,
                    an_edit_changes_the_content_and_keeps_the_visibility,
                    an_edit_of_a_public_comment_is_done_or_not_tried,
                    what_is_fixed_in_a_comment_is_refused_unless_it_stays_the_same,
                    a_private_comment_is_not_made_public,
                    a_deleted_comment_is_gone,
                    a_comment_is_found_in_its_own_ticket_only,
                    a_comment_that_is_not_clear_is_refused_before_any_call;
            }
        }
    };
    (@laws $desk:ty; $($file:ident: $($promise:ident),+;)+) => {
        $($(
            #[test]
            fn $promise() {
                let Some(_turn) = <$desk as crate::desks::HelpDesk>::turn() else { return };
                crate::contract::$file::$promise::<$desk>();
            }
        )+)+
    };
    (@promises $desk:ty; $($file:ident: $($promise:ident),+;)+) => {
        $($(
            #[tokio::test]
            async fn $promise() {
                let Some(_turn) = <$desk as crate::desks::HelpDesk>::turn() else { return };
                let lab = crate::contract::lab::Lab::<$desk>::start().await;
                crate::contract::$file::$promise(lab).await;
            }
        )+)+
    };
}

contract!(freshdesk: crate::desks::freshdesk::Freshdesk);
contract!(zendesk: crate::desks::zendesk::Zendesk);
contract!(rt: crate::desks::rt::Rt);
contract!(rt_server: crate::desks::rt_server::RtServer);
