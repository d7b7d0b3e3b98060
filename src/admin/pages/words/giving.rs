//! The words of what operators give and take: accounts, roles, passwords and tokens.

words! {
    /// What is said of giving and taking.
    GivingWords:
    texts {
        ask_lead, ask_link, ask_title, asked_by, back, choose_lead, choose_title, companies_needed, days, days_hint, days_wrong,
        disable_lead, disable_title, do_choose, do_it, enable_lead, enable_title, expired, expired_title, given_password, given_lead,
        given_title, given_token, issue_lead, issue_title, name, name_hint, name_wrong, new_account, new_lead, no_password_chosen, not_done,
        no_sessions, not_shown_again, only_these, order_add, order_change, order_disable, order_enable, order_issue, order_password,
        order_revoke, order_sign_out, own_account, own_password, own_password_lead, change_lead, change_title, do_change, password_lead,
        password_title, purpose_hint, purpose_wrong, reach, reach_all, revoke, revoke_lead, roles_hint, roles_needed, shown_as,
        shown_as_hint, shown_as_wrong, sign_out_lead, sign_out_title, signed_in, take_two, to_account, what_changes, done_title,
        done_lead, given_once, renews, until_now,
    }
    counts { good_for_days }
    of {}
    with {}
}
