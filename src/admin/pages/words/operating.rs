//! The words of the operator's pages: quarantine, targets, mluvii, and pictures of the last days.

use crate::ledger::{DropReason, PastState, PauseReason};
use crate::plugin::PluginState;

words! {
    /// Every word of these pages in one language.
    Operating:
    texts {
        address, address_unknown, as_table, ask_mluvii, attempts_head, bars_from, begin_webhooks_here, by_month, by_rule,
        cancel_past_lead, cancelled_head, changed_corrected, changed_none, changed_registered, compared_until,
        confirm_needed, confirm_past_lead, confirm_past_tick, counted_by, day_head, day_not_over, delivered_last,
        deliveries_a_day, deliveries_head, delivery, delivery_of, do_cancel_past, do_compare, do_confirm_past,
        do_drop, do_pause, do_register, do_reload, do_replay, do_replay_many, do_resume, do_unregister, done_head,
        drop_confirm, drop_confirm_needed, drop_lead, drop_title, drop_why, drop_why_needed, erasures_a_day,
        erasures_sum, found_last, from_day, go_on_with_further, incomplete_head, kept_right, last_30_days,
        last_answer, last_error, line_from, looked_after, mluvii, mluvii_lead, month, most_on, no_answer_yet,
        not_compared, not_confirmed, not_dropped, not_ordered, not_paused, not_unregistered, nothing_found,
        nothing_in_days, nothing_waits, numbers_of_days, oldest_first, only_of_reason, open_at_ends, open_head, past,
        past_entered, past_failed, past_foreign, past_lead, past_listed, past_new, past_of, past_reach_further,
        past_time, past_unread, past_untold, past_would, pause_case_hint, pause_lead, pause_reason_needed,
        pause_title, pause_until, pause_until_hint, plugin, plugin_calls, plugin_doubts, plugin_file, plugin_lead,
        plugin_restarts, plugin_sandbox, plugin_version, quarantine, quarantine_lead, received, reconciliation,
        reconciliation_lead, register_lead, register_needs_address, reload_lead, replay_lead, replay_many_lead, replay_many_title,
        replay_stays, replayed_none, resume_lead, retained_here, rule, shape_closed, shape_lead, shape_title, size, source, to_day,
        today, unread_because, unregister_confirm, unregister_lead, unregister_managed, unregister_title, waits_here,
        was_dropped, webhook, webhook_also, webhook_credentials, webhook_lacks, webhook_masked, webhook_missing,
        webhook_right, webhook_unknown, webhook_wrong, webhooks, webhooks_lead,
    }
    counts {
        bytes, oldest_only, replayed_duplicate, replayed_failed, replayed_ignored, replayed_recorded, replayed_stay,
        today_count, webhooks_deleted,
    }
    of {
        drop_reason: DropReason, past_state: PastState, pause_reason: PauseReason, plugin_state: &PluginState,
    }
    with {}
}
