//! English.

use super::{Forms, Words};
use crate::access::{PasswordRefused, Role};
use crate::admin::problem::Code;
use crate::attention::{DelayCode, Severity};
use crate::consent::ConsentState;
use crate::erasure::confirmation::LinkState;
use crate::erasure::{ErasureState, Outcome, RecheckOutcome, Stage, Verdict};
use crate::hold::HoldReason;
use crate::operations::tasks::{Said, TaskState};
use crate::request::{Came, ChosenBecause, ClosedBecause, ExtendedBecause, RejectedBecause, RequestState, VerifiedBy};

pub(super) const WORDS: Words = Words {
    account: "Account",
    account_disabled: "Disabled",
    account_enabled: "In use",
    account_no_password: "No password: nobody signs in",
    accounts: "Accounts and tokens",
    accounts_lead: "Accounts, roles and tokens are given on the command line (quietus users, quietus tokens). Here they are shown.",
    address_not_confirmed: "The person has not confirmed the address: whoever approves it vouches for whose it is.",
    all_companies: "All",
    all_of_them: "All",
    another_browser: "Another browser",
    answered_erased: "Answered that it has erased",
    answered_lead: "There is an answer that does not show whose it is? Write it down: the deadline runs on from that day.",
    answered_on: "Answered on",
    anybody_can_verify: "Anybody can verify it without this server, with the exported receipts and the public key.",
    approve_erasure_lead: "Once it is approved, it begins when its time has come. What is erased cannot be brought back.",
    approve_lead: "You have neither entered this request nor made its plan, so you may approve it. Read which sessions go and why. Nothing is erased yet: whoever sees to the request has it run afterwards, exactly as it stands here.",
    approve_title: "Approve the plan",
    approved_by: "Approved by {who}, {time}.",
    as_of: "As of {time}.",
    ask_lead: "You do not know whose it is? Ask for more. The deadline does not run until there is an answer.",
    asked_once_more: "{targets}: they would be asked to erase a second time, and nobody knows what became of the first demand.",
    asked_on: "Asked on",
    audit: "Audit",
    audit_act: "Act",
    audit_lead: "Who ordered what. Rows name nobody whom it is about.",
    audit_what: "On what",
    audit_who: "Who",
    back_to_request: "Back to the request",
    because: "Because",
    before_erased: "{rest}, before it was erased",
    begin_keys_title: "Keys",
    begin_keys: "quietus runs, so its keys are there. Back them up apart from the ledger: without them nobody is found again.",
    begin_lead: "It waits for its time. Beginning it erases now what would be erased then. What is erased cannot be brought back.",
    begin_letter_title: "Already have a letter on your desk?",
    begin_letter: "Write the request down now, so that its month is counted.",
    begin_webhooks_title: "mluvii sends its webhooks",
    begin_webhooks: "Nothing has come to {paths}. An operator adds the webhook in mluvii, and then ends a test session.",
    called_next: "Called next",
    came: "Came",
    came_then: "{how}, {day}.",
    cancel_lead: "Cancelling ends it: what has not begun does not begin. Where something was done already, a receipt says what was not.",
    cannot_be_undone: "This cannot be undone.",
    case_number_hint: "Your own, such as GDPR/118/2026; quietus gives one where it is empty",
    case_number: "Case number",
    certainly_theirs_lead: "All that was given agrees, and nothing contradicts. Keep a session only with a reason.",
    certainly_theirs: "Certainly this person’s",
    certificate: "Certificate to print",
    change_password: "Change the password",
    choose_company: "Choose the company that the request is for",
    choose_how_it_came: "Choose how the request came",
    choose_why: "Choose why you have decided so about session {session}",
    choose: "Choose",
    close_lead: "The request ends without an erasure of its own. It cannot be opened again.",
    close_menu: "Close menu",
    close_title: "Close the request",
    code: "Code",
    companies_seen: "Companies",
    company: "Company",
    consent_before: "Before",
    consent_now: "Consent now",
    consent_text: "text {version}",
    could_not_say: "{target} could not be asked.",
    day_in_future: "The day is in the future. Enter the day on which the request came.",
    day_wrong: "Enter a day of the calendar, such as 2026-11-27.",
    decided_because: "What you have decided by",
    demanded_by: "Demanded by",
    do_answered: "Write the answer down",
    do_approve: "Approve",
    do_ask: "Write down that you have asked",
    do_begin: "Begin it now",
    do_cancel: "Cancel this erasure",
    do_enter: "Enter the request",
    do_find: "Find",
    do_hold: "Keep it",
    do_link: "Mail the link",
    do_plan_again: "Look at the plan anew",
    do_plan: "Find and plan",
    do_reject_erasure: "Reject: erase nothing",
    do_reject: "Reject the request",
    do_retry: "Try again",
    do_run: "Erase what was planned",
    do_stop: "Stop this erasure",
    do_task: "Write it down",
    do_verify: "It is known whose it is",
    do_withdraw: "The person has withdrawn it",
    does_not_run: "The deadline does not run",
    due_on: "due {day}",
    due_then: "Due {day}.",
    duplicate_lead: "Go on with that one. Where this one stands beside it on purpose, type the person once more, tick the box below and send it again.",
    email: "E-mail address",
    end_it: "End",
    ended_not_found: "Of erasures that have ended, nobody is found: their fingerprints are not kept.",
    ended_ones: "Ended",
    ends_at: "Ends at the latest",
    enter_anyway: "Enter it although there is another one",
    enter_lead: "Nothing is searched or erased by this. Whom it is about is sealed, and shown by nobody’s page.",
    entered_by: "Entered by",
    erased_not_found: "Of sessions that were erased, nobody is found: their fingerprints are not kept.",
    erasure_lead: "Demanded by {rules}, since {since}.",
    erasure_needs_approval: "It waits for a person’s approval. It is demanded by {rules}.",
    erasure_of: "Erasure {id}",
    erasures_lead: "What is under way by itself or by order. The lists name nobody.",
    erasures: "Erasures",
    erasure: "Erasure",
    error_in_title: "Error:",
    excluded_by_decision: "Kept by decision",
    expires_at: "Expires",
    extend_lead: "The person has to be told of the extension and the reason within the first month.",
    extend_title: "Extend the deadline",
    extend_until: "It can be extended until {until}.",
    extended: "Extended",
    filter: "Which requests",
    find_again: "Find somebody else",
    find_lead: "What you type is kept nowhere: not here, not in the address, not in the browser. That you look is written into the audit, without it.",
    find_person: "Find a person",
    for_the_operator: "For the IT operator",
    found: "Found",
    from_where: "Erased from",
    further: "Further ones",
    guest_number: "guest {number}",
    hint: "Hint from mluvii: {hints}",
    hold: "Hold",
    hold_added: "Added by {who}, {time}.",
    hold_case: "Number of the case",
    hold_case_hint: "Such as 21 C 123/2024; it stands on receipts and names nobody",
    hold_case_wrong: "Write at most 40 letters, digits, spaces and -./_, with a digit and without a name, such as 21 C 123/2024.",
    hold_does_not_wait: "It keeps sessions that do not go by this plan.",
    hold_ends: "It ends by itself: {until}.",
    hold_for_person: "Keep what is of this person",
    hold_has_no_end: "It has no end until somebody lifts it.",
    hold_lift_lead: "What waited for it goes on at once, and is erased unless another hold keeps it.",
    hold_lift_title: "Lift this hold",
    hold_lifted: "Lifted by {who}, {time}.",
    hold_not_added: "Nothing is held yet",
    hold_not_both: "Name a session or a person, not both.",
    hold_nothing_waits: "Nothing waits for it.",
    hold_of: "Hold {id}",
    hold_on: "What it keeps",
    hold_on_guest: "All sessions of a guest",
    hold_on_person: "A person",
    hold_on_rule: "Whatever the rule demands: {rule}",
    hold_on_session: "Session {session}",
    hold_over: "It ended {time}.",
    hold_reason_needed: "Choose why it is kept.",
    hold_session: "Session’s number in mluvii",
    hold_session_hint: "Leave it empty where the hold is on a person",
    hold_session_wrong: "Write the session’s number as mluvii shows it.",
    hold_under_way: "Some of it is being erased just now, and that is not kept: {erasures}",
    hold_until: "Keep until",
    hold_until_hint: "The day is kept, too; empty until somebody lifts it",
    hold_until_wrong: "Enter a day that is still to come, such as 2026-11-27.",
    hold_waiting: "What waits for it",
    hold_waits: "The erasure waits until this hold has ended.",
    holds: "Holds",
    holds_in_force: "In force",
    holds_lead: "What stays for now, whoever demands that it goes. The list names nobody.",
    how_far: "How far it has come",
    how_it_came: "How it came",
    how_it_is_known: "How it is known whose it is",
    how_sure: "How sure",
    in_archive: "It is in the archive {file}.",
    included_by_decision: "Erased by decision",
    is_duplicate: "There is an open request of the same person: {number}",
    is_it_genuine: "Is this receipt genuine?",
    it_goes: "Erase",
    it_stays: "Keep",
    keep_decisions: "Keep these decisions and plan anew",
    kind_email: "e-mail address",
    kind_guest: "guest’s id",
    kind_name: "name",
    kind_phone: "telephone",
    kind_session: "session’s number",
    kind_wrong: "Write which kind it is, such as the name of a call parameter of the configuration.",
    known_on: "Known on",
    last_day_today: "The last day is today",
    late_ones: "Late",
    late_or_soon: "Late, or due within a week",
    link_expires: "Good until {until}.",
    link_lead: "A link can show that the request is of whoever reads the one e-mail address that it names. Only what is surely of that address is erased then.",
    link_mailed: "Mailed {time}.",
    link_over: "It was good until {until}.",
    link_title: "The mailed link",
    link_why: "Why its mail was not taken: {why}",
    list_of_requests: "List of requests",
    look_again: "Look again",
    look_at_it: "Look at it",
    look_at_lists: "What others have to do, and what goes on by itself, is in the lists.",
    look_once_more: "Look once more",
    looked_again_later: "Looked at again after the receipt",
    looked_again: "Looked again",
    looked_at: "Looked at",
    looks_are_audited: "That you look is written into the audit.",
    looks_caption: "What was looked at, and what is to come",
    main_menu: "Main",
    menu: "Menu",
    months: "For how long",
    named_by: "Known by",
    names_nobody: "It names nobody.",
    name: "Name",
    needs_attention: "Needs attention",
    needs_somebody: "Needs somebody",
    never: "Never",
    new_hold: "New hold",
    new_hold_lead: "Name a session, or a person. Erasures of it wait until the hold has ended; what is erased already does not come back.",
    new_password_again: "New password once more",
    new_password: "New password",
    new_request_lead: "Write down what has come. Its deadline is counted from the day on which it came.",
    new_request: "New request",
    newest_first: "The newest first",
    next: "Next",
    no_names_here: "A person cannot be searched for here: requests hold no names.",
    no_turn_to_plan: "Other plans are being made just now",
    nobody_named: "Enter at least one thing that the person is known by.",
    none_certain: "Nothing is certainly this person’s.",
    none_here: "There are none here.",
    not_begun: "Not begun",
    not_comparable: "Nobody can be found by this. Look whether it is typed as it should be.",
    not_entered: "The request is not entered yet",
    not_known_yet: "Not known yet",
    not_known: "Not known",
    not_looked_at: "Not looked at",
    not_searched: "Nobody was searched for yet",
    not_searched_mluvii: "mluvii and the other systems are not searched by this. A request’s plan does that.",
    not_signed_in: "You are not signed in",
    not_theirs_keep: "Not theirs: keep",
    nothing_has_come_lead: "quietus runs and waits for mluvii.",
    nothing_has_come: "Nothing has arrived yet",
    nothing_needs_you: "Nothing waits for you",
    nothing_read_needs_you: "Nothing that was looked at waits for you",
    nothing_was_erased: "As each system has answered just now; nothing was erased by that",
    nothing_was_planned: "Nothing was done. Order this one again in a while.",
    number_wrong: "Write at most 40 letters, digits and -._/, with a digit, such as 2026/117.",
    old_password: "Password until now",
    only_after_a_look: "That data is gone or was absent is written only after somebody has looked",
    open_ones: "Open",
    other_kind_hint: "The name of a call parameter of the configuration",
    other_kind: "Another kind",
    other_value: "Its value",
    otherwise: "Extend, reject, withdraw or close",
    own_number: "A number such as R-7 is given by quietus. Leave it out, or write your own.",
    parked_steps: "Needs a person",
    password_lead: "Your other sessions end, tokens stay. A password has 12 characters or more; a few words that do not belong together are easy to keep.",
    password_not_changed: "The password is not changed",
    passwords_differ: "The two new passwords are not the same. Type the same one twice.",
    password: "Password",
    people: "People",
    person_consent: "Consents",
    person_erasures: "Erasures and receipts",
    person_expired: "What you had typed is good for 15 minutes, and for this sign-in alone. Type it again.",
    person_holds: "Holds on the person",
    person_lasts: "What you have typed comes back sealed with your next click, for 15 minutes.",
    person_none: "Nothing is known of the person here.",
    person_of_search: "The person that you have searched for",
    person_requests: "Requests",
    phone_needs_country: "Write the telephone with its country, such as +420…",
    phone: "Telephone",
    plan_hash: "Hash of the plan: {hash}.",
    plan_lead: "quietus looks for the person in every system, and shows what would go and why. Nothing is erased by that. That you look is written into the audit.",
    plan_not_changed: "The decisions are not kept yet",
    plan_of: "Plan of request {number}",
    plan_says: "As quietus has found it at {time}.",
    planned_by: "Planned by {who}, {time}.",
    possibly_theirs_lead: "Something agrees and something does not. Without your decision none of them is erased.",
    possibly_theirs: "Possibly this person’s",
    purge_too_late: "{target} keeps what it was asked to erase until {until}, which is longer than the request has.",
    read_lead: "You have neither entered this request nor made its plan, so you may approve it. Read first what would go.",
    read_the_plan: "Read the plan",
    read_to_run: "Read next what goes. The order to erase is under that list, and knows only decisions that were kept.",
    receipt_at_best: "The receipt will say at best: {verdict}",
    receipt_of: "Receipt {number}",
    receipts_lead: "Each says what was done, what stays, and where nobody has looked.",
    receipts: "Receipts",
    receipt: "Receipt",
    received_on: "Received on",
    records: "Records",
    refused_after: "The person had to be told of the refusal by {day}, and it was rejected after that (Art. 12(4)).",
    refused_approved: "The plan is approved already.",
    refused_asked: "More was asked for on {day}, and no answer is noted.",
    refused_ended: "The request has ended. It is: {state}.",
    refused_erasing: "{erasure} of this request has not ended.",
    refused_extended: "It cannot be extended by more than two months (Art. 12(3)).",
    refused_late: "The last day was {day}: a deadline that is over does not stop.",
    refused_meanwhile: "Somebody has changed the request, its plan or a decision since you have read it. Look at it again, and decide anew.",
    refused_no_plan: "Nobody has made a plan of it.",
    refused_not_approved: "The plan waits for the approval of somebody else.",
    refused_not_asked: "Nothing was asked for that could be answered.",
    refused_not_then: "The day is not between {from} and {to}.",
    refused_not_verified: "It is not known yet whose the request is.",
    refused_nothing_planned: "The plan includes nothing. Where nothing is held of the person, close the request.",
    refused_other_plan: "The plan is another one now than the one that you have read. Read it again.",
    refused_same_person: "Whoever has entered the request, made its plan or changed it does not approve it; somebody else has to. That is: {who}.",
    refused_something_held: "The plan shows that something is held. Have it erased, decide about the sessions, or say otherwise why the request ends.",
    refused_too_late: "The first month was over on {day}, and the person has to be told of an extension within it (Art. 12(3)).",
    refused_verified: "It is known already whose the request is.",
    reject_erasure_lead: "Rejecting ends it: nothing is erased, and who is meant is forgotten.",
    reject_lead: "Nothing more is erased. The person has to be told why, and that they may complain, within a month of the request.",
    reopened_lead: "It was found after {erasure}, on {day}, and from that day a month runs.",
    reopened_officer: "You tell the person, and ask the operator. A plan cannot be made here, as nobody knows any more whom the request is about.",
    reopened_operator: "The operator finds out whether a backup was restored, and has it erased again on the command line (quietus erase-again). The receipt of that ends this request.",
    reopened_title: "What was erased is there again",
    report_until: "Has to report until",
    request_for_person: "Enter a request of this person",
    request_of: "Request {number}",
    requests_lead: "The law gives one month from the day on which a request came. It can be extended once, by two months at most, with a reason.",
    requests: "Requests",
    request: "Request",
    result: "Result",
    retry_lead: "What needs a person is tried once more. Put right first what the reason above names.",
    roles: "Roles",
    seen_last: "Used last",
    session_erased: "Erased {time}.",
    session_of: "Session {session}",
    sessions_caption: "Every browser in which you are signed in",
    sessions_lead: "End what you do not know, and change the password.",
    session: "Session",
    sign_in_to: "Sign in to quietus",
    sign_in: "Sign in",
    sign_out_everywhere: "Sign out everywhere",
    sign_out: "Sign out",
    signed_in_at: "Signed in",
    signed_out_by_itself: "You are signed out after 30 minutes without a click, and after 12 hours. What you order is recorded with your name.",
    since_head: "Since",
    since_then: "Since {since}.",
    skip: "Skip to content",
    somebody_else_title: "Somebody else has to approve the plan",
    somebody_else: "Whoever has entered the request or made its plan does not approve it, so that no single account erases anything.",
    soon_ones: "Due within 7 days",
    state: "State",
    step_answered: "Answered",
    step_approved: "Approval",
    step_planned: "Plan",
    step_received: "Received",
    step_verified: "Identity",
    stop_lead: "Stopping lets calls that are under way finish, and then nothing more is erased. What is gone stays gone. The receipt says what was done by then.",
    stop_refreshing: "Stop refreshing",
    systems_over_label: "Systems that are over",
    systems_over: "Over: {over} of {all} systems.",
    systems: "Systems",
    system: "System",
    target: "Target",
    target_out: "It does not work, and is tried again by itself.",
    target_paused: "Paused by {who}.",
    target_works: "It is called.",
    targets: "Targets",
    targets_lead: "What quietus calls to erase, and what waits for each.",
    task: "Task",
    task_choose: "Choose what became of it.",
    task_done_lead: "The receipt has it as your word, with your name. That it is gone is not called verified by that.",
    task_done_title: "What became of it?",
    task_law: "By which law or duty it is kept",
    task_law_hint: "Only where it stays, such as 563/1991 Sb., § 31; it stands on the receipt, so write nothing of the person",
    task_law_wrong: "Name the law or duty in one line of at most 200 characters.",
    task_not_done: "Nothing is written down yet",
    task_of: "Task {id}",
    task_wait: "Wait: a hold keeps it. Erase nothing until that has ended.",
    task_what: "What is to be done",
    tasks: "Tasks",
    tasks_lead: "What people erase where nothing else can. Whom a task is about is shown on the command line, on a terminal alone (quietus tasks show, with --reveal), and each look is in the audit.",
    the_case: "The case",
    theirs_erase: "Theirs: erase",
    these_go: "These go, and nothing else",
    this_session: "this browser",
    time_left: "Time left",
    times_are_of: "Times are of {zone}.",
    to_come: "to come",
    to_first_page: "To the first page",
    to_that_request: "To that request",
    today_if_empty: "today where it is empty",
    token: "Token",
    token_for: "What it is for",
    token_used: "Used last",
    tokens: "Tokens",
    too_many_at_once: "Too many are signing in just now. Try again in a moment.",
    typed_is_gone: "What you have typed of the person is kept nowhere, so it is not here any more. Type it again.",
    under_way: "Working",
    unreached_certain: "Nothing is certainly this person’s by what was given. It takes {kinds}.",
    unreached_excluded: "Sessions that are certainly theirs and stay by decision: {n}. The receipt is incomplete by that.",
    unreached_further: "What else the person is known by was not found out at: {targets}.",
    unreached_gone: "Session {session} was erased before; nothing is known to have come since.",
    unreached_never_read: "Session {session} goes, and nobody has ever read it at mluvii: the receipt cannot say that it is gone.",
    unreached_possible: "Possible sessions that stay, as nobody has decided about them: {n}. The receipt is incomplete by that.",
    unreached_targets: "Nobody asked for what is at: {targets}.",
    unreached_unheard_accepted: "Sessions of which quietus never heard: mluvii itself is not searched, as the configuration accepts.",
    unreached_unheard: "Sessions of which quietus never heard: mluvii itself is not searched, and the receipt is incomplete by that.",
    unreached_unread: "Sessions that mluvii does not show, so that nobody knows whose they are: {n}. The receipt is incomplete by that.",
    until_head: "Until",
    until_then: "Until {until}.",
    until_too_late: "Until {until}, after the last day of the request.",
    user_name: "User name",
    verify_lead: "Before anything is searched or erased, it has to be known that the request is the person’s own.",
    verify_more_lead: "Only the e-mail address is proved, by a link. Where a document shows more, write it down: the plan is made anew then.",
    verify_title: "Whose is it?",
    waiting_steps: "Waiting",
    waits_for_others: "Waits for what others find",
    waits_for_you: "Waits for you",
    what_happened: "What happened",
    what_happens_where: "What happens where",
    what_happens: "What happens",
    what_is_known: "What is known of it",
    what_it_waits_for: "What it waits for",
    what_people_decided: "What people have decided",
    what_to_do_first: "What to do first",
    what_waits: "What waits",
    what_was_done: "What was done, and what was seen afterwards",
    what_would_happen: "What would happen",
    what_you_can_do: "What you can do",
    when_and_how: "When and how",
    when: "When",
    where_nobody_looked: "Where nobody has looked",
    where_nobody_looks: "Where quietus does not look",
    whom_lead: "Enter what the person is known by. Several kinds have to agree.",
    whom: "Whom it is about",
    why_address: "{rest}, but only an address is proved, and it is not there",
    why_agree: "{kinds} agree",
    why_demand: "The demand came from it",
    why_department: "Of a department that no source is for",
    why_differ: "{kinds} differ",
    why_guest_address: "The same guest, but only an address is proved, and it is not there",
    why_guest_first: "The same guest, and read for the first time",
    why_guest_fits: "The same guest, and nothing contradicts: {rest}",
    why_guest_lost: "The same guest, and nothing is known any more to compare it with",
    why_guest_other: "The same guest, and somebody else’s identifiers: {rest}",
    why_guest_shared: "The same guest, but several people use it and too little says who this was",
    why_listed: "Listed by mluvii: {rest}",
    why_nothing: "nothing to compare",
    why_number: "Named by its number",
    why_read: "Read at mluvii: {rest}",
    why_theirs: "Why it is theirs",
    with_browser: "Browser",
    withdraw_lead: "The person wants nothing any more. Nothing more is erased, and the request ends.",
    withdraw_title: "Withdrawn",
    work: "Work",
    wrong_password: "User name and password do not fit together.",
    you_are_here: "You are here",
    your_sessions: "Your sessions",
    attempts: Forms { one: "{n} attempt", few: "{n} attempts", other: "{n} attempts" },
    days_late: Forms { one: "{n} day late", few: "{n} days late", other: "{n} days late" },
    days_left: Forms { one: "{n} day left", few: "{n} days left", other: "{n} days left" },
    months_more: Forms { one: "{n} month", few: "{n} months", other: "{n} months" },
    newest_only: Forms {
        one: "Only the newest open request is looked at here.",
        few: "Only the newest {n} open requests are looked at here.",
        other: "Only the newest {n} open requests are looked at here.",
    },
    of_them_late: Forms { one: "{n} of them is late.", few: "{n} of them are late.", other: "{n} of them are late." },
    open_requests: Forms { one: "{n} open request", few: "{n} open requests", other: "{n} open requests" },
    refresh_every: Forms {
        one: "Refresh every second",
        few: "Refresh every {n} seconds",
        other: "Refresh every {n} seconds",
    },
    run_lead: Forms {
        one: "{n} session goes, and what the other systems hold of the person.",
        few: "{n} sessions go, and what the other systems hold of the person.",
        other: "{n} sessions go, and what the other systems hold of the person.",
    },
    sessions: Forms { one: "{n} session", few: "{n} sessions", other: "{n} sessions" },
    sessions_go: Forms { one: "{n} session goes", few: "{n} sessions go", other: "{n} sessions go" },
    signed_in_at_places: Forms {
        one: "You are signed in at {n} place",
        few: "You are signed in at {n} places",
        other: "You are signed in at {n} places",
    },
    things_need_you: Forms {
        one: "{n} thing needs your attention",
        few: "{n} things need your attention",
        other: "{n} things need your attention",
    },
    late_in_all: Forms {
        one: "{n} open request is late.",
        few: "{n} open requests are late.",
        other: "{n} open requests are late.",
    },
    open_requests_at_least: Forms {
        one: "At least {n} open request",
        few: "At least {n} open requests",
        other: "At least {n} open requests",
    },
    things_need_you_at_least: Forms {
        one: "At least {n} thing needs your attention",
        few: "At least {n} things need your attention",
        other: "At least {n} things need your attention",
    },
    wait_for_others: Forms {
        one: "{n} open request waits for somebody else, or for the end of a hold.",
        few: "{n} open requests wait for somebody else, or for the end of a hold.",
        other: "{n} open requests wait for somebody else, or for the end of a hold.",
    },
    wait_minutes: Forms {
        one: "There were too many tries. Wait for {n} minute, then try again.",
        few: "There were too many tries. Wait for {n} minutes, then try again.",
        other: "There were too many tries. Wait for {n} minutes, then try again.",
    },
    refused_differs: Forms {
        one: "{n} of the planned sessions is not found as it was. Nothing was erased. Make the plan anew.",
        few: "{n} of the planned sessions are not found as they were. Nothing was erased. Make the plan anew.",
        other: "{n} of the planned sessions are not found as they were. Nothing was erased. Make the plan anew.",
    },
    found_of_person: Forms {
        one: "{n} thing is known of the person",
        few: "{n} things are known of the person",
        other: "{n} things are known of the person",
    },
    left_out: Forms {
        one: "{n} more that is not kept",
        few: "{n} more that are not kept",
        other: "{n} more that are not kept",
    },
    accounts_in_all: Forms { one: "{n} account", few: "{n} accounts", other: "{n} accounts" },
    act,
    came_by,
    certainty,
    chosen_because,
    closed_because,
    consent_state,
    delay,
    hold_reason,
    link_state,
    recheck_why,
    erasure_state,
    extended_because,
    outcome,
    password_refused,
    recheck,
    rejected_because,
    request_state,
    role,
    severity,
    stage,
    task_said,
    task_state,
    verdict,
    verdict_means,
    verified_by,
    would_be,
    problem,
};

fn act(one: DelayCode) -> &'static str {
    match one {
        DelayCode::Unverified => "Verify whose it is",
        DelayCode::Unanswered => "Write the answer down",
        DelayCode::Incomplete | DelayCode::NothingPlanned => "Decide how it goes on",
        DelayCode::Unplanned => "Make the plan",
        DelayCode::Unapproved => "Read the plan",
        DelayCode::NotRun => "Have it erased",
        DelayCode::Parked | DelayCode::Paused | DelayCode::Out => "See why",
        // By themselves, or with others.
        _ => "Look at it",
    }
}

fn came_by(one: Came) -> &'static str {
    match one {
        Came::Letter => "Letter",
        Came::Email => "E-mail",
        Came::Phone => "Phone call",
        Came::InPerson => "In person",
        Came::Form => "Form",
    }
}

fn certainty(word: &str) -> &'static str {
    match word {
        "certain" => "certain",
        "possible" => "possible",
        _ => "not known",
    }
}

fn chosen_because(one: ChosenBecause) -> &'static str {
    match one {
        ChosenBecause::PersonSays => "The person says so",
        ChosenBecause::Content => "What was said in it shows whose it is",
        ChosenBecause::Shared => "Somebody else has used the phone, the browser or the address",
        ChosenBecause::Namesake => "It is somebody else’s who has the same name",
        ChosenBecause::Needed => "It is needed, such as for a complaint that is open",
    }
}

fn closed_because(one: ClosedBecause) -> &'static str {
    match one {
        ClosedBecause::NothingHeld => "Nothing about the person is there",
        ClosedBecause::Incomplete => "What could be erased is; the person is told what was not",
        ClosedBecause::Duplicate => "Another request of the same person stands for it",
        ClosedBecause::AnsweredElsewhere => "It was answered without quietus",
        ClosedBecause::Mistake => "It was entered by mistake",
    }
}

fn consent_state(one: ConsentState) -> &'static str {
    match one {
        ConsentState::Given => "Given",
        ConsentState::Absent => "None",
        ConsentState::Refused => "Refused",
        ConsentState::Withdrawn => "Withdrawn",
        ConsentState::Unknown => "Not known",
    }
}

fn delay(one: DelayCode) -> &'static str {
    match one {
        DelayCode::Unverified => "It is not known whose it is.",
        DelayCode::Unanswered => "More was asked for, and nobody has answered.",
        DelayCode::Reopened => "Something that was erased was found again. An operator has it erased again.",
        DelayCode::Incomplete => "A receipt left something: make a further plan, or close it as incomplete.",
        DelayCode::Unplanned => "Nobody has looked for the person yet.",
        DelayCode::NothingPlanned => "The plan includes nothing: decide about possible sessions, or end the request.",
        DelayCode::Unapproved => "Somebody else has to approve the plan.",
        DelayCode::NotRun => "It is planned, and nobody has had it erased.",
        DelayCode::Approval => "The erasure needs a person’s approval.",
        DelayCode::Parked => "{target} needs a person: nothing more happens there by itself.",
        DelayCode::Held => "A hold keeps it.",
        DelayCode::Paused => "{target} is paused by a person.",
        DelayCode::Out => "{target} does not work, and is tried again by itself.",
        DelayCode::Task => "A person erases at {target}.",
        DelayCode::Report => "{target} has accepted it and is to report.",
        DelayCode::Link => "A mailed link is to be used.",
        DelayCode::Purge => "{target} has erased, and its vendor purges later. It is looked at again then.",
        DelayCode::NotDue => "Its time has not come.",
        DelayCode::Settling => "Its sessions are still settling.",
        DelayCode::Target => "{target} is to be called, or is being called.",
        DelayCode::Receipt => "All systems have answered; the receipt is being written.",
    }
}

fn hold_reason(one: HoldReason) -> &'static str {
    match one {
        HoldReason::LegalClaims => "Legal claims (Art. 17(3)(e))",
        HoldReason::LegalObligation => "A legal obligation (Art. 17(3)(b))",
        HoldReason::Authority => "A court or an authority has ordered it",
        HoldReason::Restriction => "The person has asked for restriction (Art. 18(1))",
        HoldReason::Review => "What a rule does is being looked at",
    }
}

fn link_state(one: LinkState) -> &'static str {
    match one {
        LinkState::Waiting => "The link is to be mailed.",
        LinkState::Sending => "The link is being mailed.",
        LinkState::Sent => "The link is mailed, and nobody has used it yet.",
        LinkState::Used => "The link was used.",
        LinkState::Failed => "The link did not reach anybody: its mail was refused.",
        LinkState::Over => "The link is good for nothing any more.",
    }
}

/// Nothing for what is not known.
fn recheck_why(word: &str) -> &'static str {
    match word {
        "unseen" => "nobody could look",
        "under_way" => "an erasure is under way",
        "back" => "it has come back since",
        "undated" => "nobody knows from when it is",
        "possible" => "it is possibly theirs",
        _ => "",
    }
}

fn erasure_state(one: ErasureState) -> &'static str {
    match one {
        ErasureState::Requested => "Waits for approval",
        ErasureState::Scheduled => "Waits for its time",
        ErasureState::Erasing => "Erasing",
        ErasureState::Verifying => "Being looked at again",
        ErasureState::Parked => "Needs somebody",
        ErasureState::Done => "Over, with a receipt",
        ErasureState::Cancelled => "Cancelled",
    }
}

fn extended_because(one: ExtendedBecause) -> &'static str {
    match one {
        ExtendedBecause::Complexity => "It is complex",
        ExtendedBecause::NumberOfRequests => "There are many requests",
    }
}

fn outcome(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Erased",
        Outcome::Absent => "Absent",
        Outcome::Retained => "Retained",
        Outcome::Residual => "Still there",
        Outcome::Unverifiable => "Not verified",
        Outcome::Parked => "Not finished",
    }
}

fn password_refused(one: PasswordRefused) -> &'static str {
    match one {
        PasswordRefused::TooShort => {
            "A password has at least 12 characters. A few words that do not belong together are easy to keep."
        }
        PasswordRefused::TooLong => "A password has at most 1024 bytes.",
        PasswordRefused::IsTheName => "The account’s name is no password. Choose another one.",
    }
}

fn recheck(one: RecheckOutcome) -> &'static str {
    match one {
        RecheckOutcome::Gone => "Gone",
        RecheckOutcome::Residual => "Something is there again",
        RecheckOutcome::Unclear => "Unclear: a person has to look",
        RecheckOutcome::Held => "There, and kept by a hold",
        RecheckOutcome::NotLooked => "Not looked at",
    }
}

fn rejected_because(one: RejectedBecause) -> &'static str {
    match one {
        RejectedBecause::NotIdentified => "The person could not be identified (Art. 11, 12)",
        RejectedBecause::NotThePerson => "It is somebody else’s request (Art. 12(6))",
        RejectedBecause::Unfounded => "It is manifestly unfounded (Art. 12(5))",
        RejectedBecause::Excessive => "It is excessive (Art. 12(5))",
        RejectedBecause::NoGround => "The data are still needed (Art. 17(1))",
        RejectedBecause::Expression => "Freedom of expression (Art. 17(3)(a))",
        RejectedBecause::LegalObligation => "A legal obligation (Art. 17(3)(b))",
        RejectedBecause::PublicHealth => "Public health (Art. 17(3)(c))",
        RejectedBecause::Research => "Archives, research, statistics (Art. 17(3)(d))",
        RejectedBecause::LegalClaims => "Legal claims (Art. 17(3)(e))",
    }
}

fn request_state(one: RequestState) -> &'static str {
    match one {
        RequestState::Unverified => "Waits for identity",
        RequestState::Asked => "Waits for an answer",
        RequestState::Verified => "Not planned",
        RequestState::Planned => "Planned",
        RequestState::Approved => "Approved",
        RequestState::Erasing => "Erasing",
        RequestState::Reopened => "Found again",
        RequestState::Done => "Ended with its receipt",
        RequestState::Rejected => "Rejected",
        RequestState::Withdrawn => "Withdrawn",
        RequestState::Closed => "Closed",
    }
}

fn role(one: Role) -> &'static str {
    match one {
        Role::Officer => "officer",
        Role::Approver => "approver",
        Role::Operator => "operator",
    }
}

fn severity(one: Severity) -> &'static str {
    match one {
        Severity::Notice => "Worth knowing",
        Severity::Attention => "Needs somebody",
        Severity::Urgent => "Urgent",
    }
}

fn stage(one: Stage) -> &'static str {
    match one {
        Stage::Find | Stage::FindLater => "Looking for what else it knows",
        Stage::Erase => "Erasing",
        Stage::Verify => "Being looked at again",
    }
}

fn task_said(one: Said) -> &'static str {
    match one {
        Said::Erased => "It was there, and is gone",
        Said::Absent => "There was nothing",
        Said::Retained => "It stays, by law or duty",
        Said::Residual => "It is still there",
    }
}

fn task_state(one: TaskState) -> &'static str {
    match one {
        TaskState::Open => "Open",
        TaskState::Late => "Nobody has confirmed it in time",
        TaskState::Residual => "Somebody has said that it is still there",
    }
}

fn verdict(one: Verdict) -> &'static str {
    match one {
        Verdict::Complete => "Complete",
        Verdict::Retained => "Retained",
        Verdict::Incomplete => "Incomplete",
    }
}

fn verdict_means(one: Verdict) -> &'static str {
    match one {
        Verdict::Complete => "Everything that was found is erased, and somebody has looked.",
        Verdict::Retained => "Everything that was found is erased, except for what a law, a hold or a vendor keeps.",
        Verdict::Incomplete => "Something is left, or nobody has seen that it is gone.",
    }
}

fn verified_by(one: VerifiedBy) -> &'static str {
    match one {
        VerifiedBy::Document => "By a document",
        VerifiedBy::KnownContact => "By a contact that was known before",
        VerifiedBy::EmailLink => "By a link in an e-mail",
    }
}

fn would_be(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Would be erased",
        Outcome::Absent => "Nothing is there",
        Outcome::Retained => "Stays, by law",
        Outcome::Residual => "Would still be there",
        Outcome::Unverifiable => "Nobody can look",
        Outcome::Parked => "Needs somebody",
    }
}

fn problem(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Unauthenticated => ("You are signed out", "Nothing was done. Sign in, and then do it again."),
        Code::Forbidden => ("You may not do this", "Nothing was done. An operator can tell who may."),
        Code::NotHttps => ("The way here is not safe", "Open the address with https, or tell the operator."),
        Code::NotFound => {
            ("It is not there", "Look at the list: it may have another number, or be of another company.")
        }
        Code::NoSuchPath => ("There is no such page", "Go on from the first page."),
        Code::NoSuchMethod => ("This page does not take that", "Go on from the first page."),
        Code::NotUnderstood => ("That is not understood", "Nothing was done. Go back, and do it again."),
        Code::TooLarge => ("That is too much at once", "Nothing was done. Send less."),
        Code::TooSlow => ("It did not come in time", "Nothing was done. Send it again."),
        Code::Input => (
            "Something has to be changed first",
            "Nothing was done. Go back, change what is named below, and send it again.",
        ),
        Code::Conflict => ("It cannot be done as things stand", "Nothing was done. Look at it as it is now."),
        Code::Duplicate => ("There is an open request of the same person", "Go on with that request."),
        Code::Unavailable => {
            ("It cannot be done just now", "Look in a while whether it was done before you order it again.")
        }
        Code::Configuration => {
            ("The configuration is wrong", "Tell the operator: the server’s log says what is wrong.")
        }
        Code::NotShown => ("It is done, but it cannot be shown", "Look at it in a while, and do not order it again."),
        Code::Failed => ("It failed", "Tell the operator: the server’s log says more."),
    }
}
