//! The contract: stories that every backend must tell alike. A backend's tests call [`contract!`] with a function that
//! opens an empty ledger; nothing here knows what is behind the port.

pub(crate) mod accounts;
pub(crate) mod answering;
pub(crate) mod archiving;
pub(crate) mod asking;
pub(crate) mod attention;
pub(crate) mod audit;
pub(crate) mod bounding;
pub(crate) mod clock;
pub(crate) mod closing;
pub(crate) mod confirming;
pub(crate) mod damage;
pub(crate) mod deciding;
pub(crate) mod erasing;
pub(crate) mod expiring;
pub(crate) mod explaining;
pub(crate) mod finding;
mod fixtures;
pub(crate) mod gauging;
pub(crate) mod generations;
pub(crate) mod holding;
pub(crate) mod keys;
pub(crate) mod listing;
pub(crate) mod listing_requests;
pub(crate) mod random;
pub(crate) mod receiving;
pub(crate) mod rechecking;
pub(crate) mod reporting;
pub(crate) mod requesting;
pub(crate) mod scheduling;
pub(crate) mod sealing;
pub(crate) mod stopping;
pub(crate) mod sweeping;
pub(crate) mod verifying;
pub(crate) mod working;

pub(crate) use confirming::{calendar, link_to_send};
pub(crate) use fixtures::{
    BREAKER, KEEP, KEEP_NOTHING, Shared, a_busy_ledger, by, capsule, due_erasure, email, ends, erase_a_guest,
    erasure_of, event, installation, key_ids, person, receipt_after, resolution, session, sessions_to_decide,
    to_decide, to_resolve, to_seal, to_settle,
};
pub(crate) use verifying::link_of_request;

/// Makes tests of the stories. By `stories`, one of each: `$open` returns an `Arc<dyn Ledger>` and something that is kept until
/// the story ends. By `parts`, one of each part, for a backend whose server takes longer to start than a story to tell: `$open`
/// returns the server, whose `ledger` is a new one for each story.
macro_rules! contract {
    ($tests:ident, $open:path) => {
        $crate::ledger::contract::$tests! { $open;
            receiving: a_delivery_is_recorded_once
                deliveries_that_differ_in_anything_are_all_new
                concurrent_duplicates_are_recorded_once
                an_announcement_is_a_duplicate_until_somebody_looks
                a_recorded_event_is_handed_out_as_it_came
                each_company_has_events_of_its_own
                a_body_in_quarantine_is_kept_once_until_it_is_dropped
                a_quarantine_takes_no_more_than_its_bound_of_each_source
                a_quarantine_takes_no_more_bytes_than_its_bound_of_each_source
                that_all_comes_from_one_address_is_known_since_when;
            working: concurrent_claimers_never_get_the_same_work
                work_is_due_again_when_its_lease_ends_and_the_old_claim_finishes_nothing
                a_renewed_lease_holds
                a_renewal_that_comes_late_does_not_move_what_was_put_back
                text_with_a_nul_is_taken
                work_whose_end_is_refused_is_put_off_and_then_aside
                what_is_no_attempt_is_counted_for_itself
                parked_steps_are_no_parked_events
                work_that_is_put_back_is_due_after_its_pause
                parked_work_waits_for_a_person
                a_duty_does_not_grow_younger_by_failing
                an_erasure_does_not_grow_younger_by_waiting
                the_longest_due_is_claimed_first
                a_commit_that_brings_work_wakes_everyone_who_waits
                a_commit_between_a_claim_and_the_wait_is_not_missed;
            bounding: a_target_that_is_out_is_left_alone
                nobody_calls_a_target_that_is_paused_until_it_is_resumed
                after_a_pause_one_call_tries_it
                what_fails_again_and_again_does_not_keep_a_target_out
                a_target_is_out_after_failures_in_a_row
                one_record_that_fails_again_and_again_does_not_put_a_target_out
                a_session_of_which_much_is_heard_is_one_record
                each_company_has_a_breaker_of_its_own
                work_says_for_how_long_it_was_tried_in_vain_unless_its_target_is_out
                a_claim_says_whether_its_target_is_there
                different_records_that_are_refused_alike_put_a_target_out
                a_target_that_wants_fewer_calls_gets_one_at_a_time_then_more
                no_more_is_under_way_than_may_be_at_once
                work_whose_lease_has_ended_is_not_under_way
                a_bound_counts_all_queues_of_a_target_and_leaves_each_its_place
                calls_begin_no_faster_than_their_rate
                calls_beyond_those_that_were_granted_are_waited_for
                what_is_held_costs_no_call_and_the_next_is_looked_for_at_once
                a_process_is_listed_with_what_it_holds;
            explaining: what_was_evaluated_is_kept_with_the_session
                the_erasures_of_a_session_are_found_whatever_has_become_of_them
                all_sessions_are_read_with_what_was_kept_of_their_evaluations
                sessions_are_listed_from_the_greatest_number_on
                the_consents_of_one_company_are_read_past_all_that_are_of_others
                of_a_rule_every_version_is_known_and_only_once
                what_waits_for_its_rule_begins_once_that_is_confirmed
                a_version_is_confirmed_only_as_long_as_it_is_the_newest
                what_a_rejected_version_alone_demands_never_begins
                what_a_rejected_version_demanded_is_over_before_it_is_confirmed;
            deciding: a_decision_writes_the_session_the_erasures_and_the_end_of_the_work
                a_decision_on_a_stale_session_writes_nothing_and_is_due_again
                a_decision_that_cannot_be_written_leaves_the_work
                rules_that_no_longer_apply_take_back_what_they_alone_demanded
                a_session_has_one_look_for_settling_which_moves
                a_look_for_settling_can_set_itself_anew
                sessions_are_found_by_guest_and_by_any_of_their_fingerprints
                fingerprints_come_back_as_they_were
                one_session_number_of_two_companies_is_two_sessions
                what_was_read_stays_read
                sessions_that_settled_without_being_read_are_listed
                what_waits_for_a_person_counts_as_unread
                work_says_since_when_it_is_there_however_often_it_is_tried
                unknown_consents_are_counted_by_cause_until_they_are_known
                a_session_of_a_foreign_tenant_is_forgotten_and_counted
                one_contradiction_disproves_that_tenants_are_departments
                a_withdrawal_changes_all_its_sessions_or_none_and_is_audited;
            finding: of_a_common_name_whoever_may_be_the_person_is_found_and_no_namesake
                an_erased_session_is_found_by_a_name_as_long_as_nothing_tells_it_from_the_persons
                of_whom_too_much_is_known_for_an_index_nobody_is_missed;
            scheduling: a_session_is_not_erased_before_it_settles
                an_erasure_moves_when_its_session_goes_on
                requests_of_one_subject_become_one_erasure
                the_same_request_again_takes_the_work_from_no_one
                a_merge_takes_the_work_from_the_one_who_resolves_it
                a_request_after_the_beginning_is_an_erasure_of_its_own
                a_scheduled_erasure_can_be_made_due
                a_scheduled_erasure_can_be_cancelled
                an_erasure_that_needs_approval_waits_for_it
                an_erasure_that_needs_approval_never_joins_one_that_needs_none
                different_decisions_about_single_sessions_do_not_merge
                a_rejected_erasure_leaves_no_capsule_and_no_receipt
                an_approved_erasure_waits_for_its_session_to_settle
                an_erasure_is_found_by_any_of_its_identifiers
                fingerprints_of_an_erasure_are_kept_for_as_long_as_told
                a_resolution_is_told_what_nobody_has_looked_at_yet;
            erasing: a_resolved_erasure_has_a_step_for_each_target
                a_step_is_verified_before_it_is_final
                a_target_that_still_holds_the_data_is_asked_again
                a_later_answer_does_not_undo_an_earlier_one
                an_unverifiable_step_has_no_time_of_verification
                failed_calls_are_counted_for_the_stage
                a_parked_step_keeps_the_erasure_open_until_a_person_acts
                what_is_parked_after_it_was_shown_is_not_retried
                a_residual_step_starts_over_with_erasing
                a_step_without_its_lease_writes_nothing
                nothing_is_erased_before_everybody_has_said_what_they_know
                who_is_asked_in_a_later_round_is_told_what_was_found
                nobody_waits_for_a_find_that_needs_a_person
                what_a_call_has_kept_comes_with_the_next_one_until_the_step_is_over
                a_call_that_must_not_be_made_twice_is_known_before_it_is_made
                evidence_is_kept_with_the_step_and_findings_with_the_erasure
                a_guest_id_that_several_people_use_is_remembered
                each_company_has_its_own_mluvii;
            reporting: a_step_waits_for_its_report_and_is_due_with_it
                a_report_that_does_not_come_makes_the_step_due
                a_report_may_come_before_the_answer
                a_report_that_comes_late_sets_a_parked_step_going
                a_report_is_taken_once_and_for_the_stage_and_round_it_is_of
                a_report_whose_token_is_of_another_key_is_a_strangers
                a_report_during_a_call_does_not_take_its_lease
                a_report_during_a_call_that_fails_for_good_is_not_thrown_away
                a_report_on_what_a_person_has_started_over_is_too_late
                a_late_report_is_taken_after_a_person_has_set_the_step_going
                a_report_of_a_companys_own_target_finds_its_work
                what_a_person_says_of_a_task_is_taken_once_and_audited
                what_waits_at_a_target_is_found_with_what_is_sealed_of_it;
            closing: a_closed_erasure_has_its_receipt_and_its_sessions_are_marked
                sessions_that_mluvii_was_not_asked_to_erase_are_still_found
                whose_consent_it_was_is_told_after_an_erasure_as_long_as_fingerprints_are_kept
                a_consent_that_is_over_is_found_by_nothing
                ended_erasures_are_walked_through_with_what_is_kept_of_their_persons
                a_receipt_joins_the_heads_chain_only
                a_chain_goes_on_after_what_was_lost
                erasures_are_closed_together_or_not_at_all
                claims_that_come_back_from_a_closing_hold
                a_session_that_two_reached_who_are_closed_together_changes_once
                those_who_close_at_once_make_one_chain
                a_parked_erasure_that_is_cancelled_is_closed_as_cancelled
                an_erasure_under_way_is_not_cancelled
                an_erased_session_keeps_the_digest_of_its_guest_and_nothing_else
                an_erasure_reaches_the_sessions_of_its_own_company_only
                receipts_come_back_as_they_were_signed
                incomplete_receipts_are_counted_until_a_person_has_seen_them;
            confirming: an_erasure_that_waits_for_a_link_begins_once_it_is_used_and_only_once
                what_a_person_has_decided_needs_no_link_and_a_link_is_nothing_then
                a_link_confirms_what_was_typed_of_its_own_address_and_nothing_else
                whoever_is_killed_while_sending_leaves_a_second_mail_at_most
                an_address_gets_so_much_mail_and_all_together_so_much
                a_mail_that_is_refused_is_tried_later_and_counts_as_none
                a_link_that_is_too_old_is_none_and_told_of_and_a_person_can_approve
                a_link_is_found_under_the_index_key_that_replaced_its_own
                nothing_begins_without_its_link_or_a_person_in_whatever_order;
            verifying: a_request_is_verified_by_its_link_and_only_once
                a_link_is_an_answer_to_what_was_asked_for
                of_the_links_of_a_request_the_newest_is_good
                a_request_that_has_ended_or_is_verified_otherwise_has_no_use_for_its_link
                a_link_of_a_request_that_is_too_old_is_none
                whoever_is_killed_while_mailing_for_a_request_leaves_a_second_mail_at_most
                a_link_of_a_request_lets_no_erasure_begin_and_the_other_way
                mail_to_one_address_is_counted_whatever_its_links_are_for
                a_link_of_a_request_is_found_under_the_index_key_that_replaced_its_own
                what_a_link_has_proved_is_followed_by_what_a_document_proves;
            stopping: what_is_stopped_ends_with_its_calls_and_its_receipt_says_what_was_not_done
                who_takes_over_what_was_stopped_calls_nobody
                a_report_that_comes_after_the_claim_of_what_was_stopped_is_taken_in
                a_stop_that_comes_too_late_to_change_anything_is_no_part_of_the_receipt
                what_fails_or_waits_for_others_when_it_is_stopped_is_over
                what_has_not_begun_is_cancelled_by_a_stop_and_each_stop_leaves_a_row
                a_call_that_is_stopped_or_has_lost_its_claim_must_erase_no_further;
            holding: what_is_held_begins_once_its_hold_is_lifted
                what_is_told_of_what_is_held_names_the_holds_that_have_not_ended
                a_hold_that_comes_later_lets_calls_end_and_begins_none
                a_call_under_way_must_erase_no_further_while_a_hold_keeps_its_erasure
                whoever_may_be_a_person_that_is_held_is_kept
                what_a_guest_or_a_rule_is_held_by_waits_and_nothing_else_does
                a_session_that_is_held_by_its_number_is_kept_under_whoever_it_is_found
                what_mluvii_showed_of_a_session_without_a_record_is_held_by
                a_hold_names_what_a_target_has_accepted_and_not_reported
                a_hold_ends_by_itself_and_is_forgotten_in_time
                a_hold_that_is_over_keeps_nothing_though_nobody_has_looked
                what_a_target_says_is_no_hold
                an_erase_call_that_is_lost_with_its_server_may_have_been_made
                many_holds_and_many_erasures_each_find_their_own
                a_session_that_is_held_outlives_its_retention
                each_hold_and_its_end_leaves_a_row;
            expiring: a_session_expires_when_its_time_is_over_and_not_before
                what_is_still_open_keeps_its_session_however_old_it_is
                what_proves_a_consent_is_kept_for_a_time_of_its_own
                what_was_erased_stays_so_beyond_its_record
                a_decision_on_what_is_over_writes_nothing_but_the_end_of_its_work
                a_sweep_goes_once_it_is_over_for_long_enough_and_never_before;
            audit: an_order_on_an_erasure_leaves_one_row_whatever_came_of_it
                an_order_on_anything_else_leaves_one_row_whatever_came_of_it
                receipts_that_were_acknowledged_are_named_in_the_audit
                an_order_that_fails_leaves_no_row_and_what_a_rule_decides_is_no_order
                those_who_order_at_once_make_one_chain
                the_audit_is_read_both_ways_and_by_actor_act_object_and_time;
            accounts: an_account_is_added_changed_and_disabled_and_each_order_leaves_a_row
                of_those_who_add_an_account_at_once_one_has
                a_session_begins_with_the_password_that_was_verified_and_ends_with_another
                no_session_begins_with_a_one_time_password_and_it_is_changed_once
                a_token_is_found_with_its_account_until_it_is_over_or_revoked
                what_is_over_goes_with_maintenance;
            answering: an_order_is_new_once_and_answered_the_same_for_a_day
                of_those_who_send_an_order_at_once_one_does_it
                what_was_refused_may_be_sent_again;
            archiving: archived_receipts_leave_and_the_chain_goes_on_after_them
                a_gap_begins_at_the_end_of_an_archive
                a_receipt_that_needs_a_person_stays_and_is_archived_once_it_was_seen
                those_who_archive_at_once_make_one_checkpoint
                the_audit_is_archived_like_receipts_and_says_so;
            clock: work_that_is_held_is_taken_over_once_the_clock_was_watched_for_as_long_as_its_lease
                a_clock_that_nobody_doubts_is_not_accepted;
            attention: an_empty_ledger_needs_nobody
                a_sweep_that_does_not_go_on_or_was_given_up_is_told
                everything_that_needs_a_person_is_listed
                what_was_heard_of_late_is_not_late_at_once
                that_no_server_works_on_a_ledger_needs_a_person
                refused_deliveries_are_counted_and_need_nobody
                what_is_muted_is_listed_as_muted_until_its_end
                what_is_acknowledged_needs_a_person_again_when_others_come
                a_step_that_is_parked_once_more_needs_a_person_again
                tasks_that_people_do_not_confirm_need_a_person
                what_cannot_be_kept_outside_is_listed_until_it_can;
            listing: what_needs_a_person_is_found_beside_what_still_moves
                erasures_are_listed_a_page_at_a_time
                erasures_are_listed_by_target_installation_and_time
                erasures_are_found_by_rule_and_target_whatever_becomes_of_them
                open_erasures_that_are_due_are_listed_with_the_longest_due_first
                receipts_are_listed_both_ways_by_verdict_and_time
                the_quarantine_is_listed_by_source_a_page_at_a_time;
            listing_requests: open_requests_are_listed_by_their_last_day_each_on_one_page
                a_page_goes_on_behind_its_last_request_whatever_came_or_ended_meanwhile
                open_requests_are_found_and_counted_by_their_last_day;
            asking: erasures_are_listed_newest_first_and_by_state
                targets_are_noted_until_they_answer_or_a_person_resumes_them
                a_ledger_belongs_to_the_keys_of_its_first_use_until_one_is_rotated
                sources_that_deliver_are_noted_by_the_minute
                forms_that_were_told_of_are_found_by_their_time
                sessions_are_found_by_since_when_nothing_of_them_is_open
                erased_sessions_are_walked_through_whatever_their_moments
                a_job_of_the_past_is_changed_by_one_at_a_time
                a_ledger_keeps_its_id
                what_one_does_for_all_is_taken_by_one_and_again_when_it_is_due
                what_is_wanted_is_done_at_once_or_once_more_after_what_is_under_way
                what_an_alert_has_told_is_written_by_who_has_read_it
                an_empty_ledger_counts_nothing_and_can_be_written
                maintenance_forgets_old_deliveries_and_keeps_the_rest;
            gauging: an_empty_ledger_shows_nothing
                each_queue_shows_what_is_due_taken_waiting_and_parked
                what_is_late_or_needs_a_person_is_shown
                what_was_done_on_days_is_counted_by_the_day;
            keys: what_stands_under_an_index_key_is_found_under_the_one_that_replaced_it
                the_consent_of_an_erased_session_is_found_under_a_new_index_key
                a_request_is_found_and_a_hold_keeps_under_a_new_index_key
                an_order_that_came_before_its_index_key_was_replaced_is_the_same_one
                who_knows_only_of_a_replaced_index_key_neither_claims_nor_requests;
            generations: what_is_sealed_under_a_generation_that_was_followed_is_refused_whatever_it_is
                a_generation_is_in_use_as_long_as_anything_is_sealed_under_it
                a_generation_is_opened_once_and_never_again
                those_who_seal_while_generations_follow_one_another_lose_nothing
                quarantine_is_sealed_anew_under_the_generation_that_is_open;
            requesting: a_request_has_a_number_of_its_own_or_the_companys
                an_open_request_of_the_same_person_is_known
                a_request_is_changed_by_one_at_a_time_and_sealed_until_its_end
                a_request_ends_with_the_receipt_of_its_erasure
                a_request_stays_open_where_its_receipt_leaves_what_nobody_decided_on
                an_erasure_that_is_cancelled_gives_its_request_back
                when_its_plan_was_approved_stands_on_the_receipt_of_a_requests_erasure
                what_is_sealed_of_a_request_keeps_its_generation
                a_request_is_not_done_while_something_came_back_elsewhere
                a_request_is_open_once_more_until_what_came_back_is_erased_again
                what_was_erased_again_while_its_request_was_over_opens_it_where_it_comes_back
                requests_go_by_their_age_and_open_ones_stay
                open_requests_are_told_and_counted;
            rechecking: what_came_of_looking_again_is_kept_until_its_erasure_goes
                what_is_certainly_there_stays_told_until_somebody_has_seen_otherwise
                what_was_found_too_long_ago_does_not_begin_and_needs_a_person_again;
            sweeping: a_sweep_is_changed_by_one_at_a_time_and_sealed_until_it_is_over
                who_was_found_is_asked_for_in_the_commit_that_says_so
                who_was_asked_for_stays_with_the_sweep_and_goes_with_it
                an_act_on_a_sweep_and_its_row_in_the_audit_are_one_commit
                a_sweep_is_sealed_under_the_generation_that_is_open;
            random: random_sequences_agree_with_the_pure_model;
        }
    };
}

macro_rules! stories {
    ($open:path; $($part:ident: $($story:ident)+;)+) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $story() {
            let (ledger, _kept) = $open().await;
            $crate::ledger::contract::$part::$story(ledger).await;
        }
    )+)+};
}

macro_rules! parts {
    ($open:path; $($part:ident: $($story:ident)+;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $part() {
            let server = $open().await;
            $(
                // Shown where it fails.
                println!("{}", stringify!($story));
                let ledger = server.ledger().await;
                $crate::ledger::contract::$part::$story(std::sync::Arc::clone(&ledger)).await;
                ledger.shutdown().await;
            )+
        }
    )+};
}

pub(crate) use {contract, parts, stories};
