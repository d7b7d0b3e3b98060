//! English: one word or sentence for each of what there are several of.

use crate::access::{PasswordRefused, Role};
use crate::admin::problem::Code;
use crate::attention::{DelayCode, Severity};
use crate::consent::ConsentState;
use crate::erasure::confirmation::LinkState;
use crate::erasure::{ErasureState, Outcome, RecheckOutcome, Stage, Verdict};
use crate::hold::HoldReason;
use crate::operations::tasks::{Said, TaskState};
use crate::request::{Came, ChosenBecause, ClosedBecause, ExtendedBecause, RejectedBecause, RequestState, VerifiedBy};

pub(super) fn act(one: DelayCode) -> &'static str {
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

pub(super) fn came_by(one: Came) -> &'static str {
    match one {
        Came::Letter => "Letter",
        Came::Email => "E-mail",
        Came::Phone => "Phone call",
        Came::InPerson => "In person",
        Came::Form => "Form",
    }
}

pub(super) fn certainty(word: &str) -> &'static str {
    match word {
        "certain" => "certain",
        "possible" => "possible",
        _ => "not known",
    }
}

pub(super) fn chosen_because(one: ChosenBecause) -> &'static str {
    match one {
        ChosenBecause::PersonSays => "The person says so",
        ChosenBecause::Content => "What was said in it shows whose it is",
        ChosenBecause::Shared => "Somebody else has used the phone, the browser or the address",
        ChosenBecause::Namesake => "It is somebody else’s who has the same name",
        ChosenBecause::Needed => "It is needed, such as for a complaint that is open",
    }
}

pub(super) fn closed_because(one: ClosedBecause) -> &'static str {
    match one {
        ClosedBecause::NothingHeld => "Nothing about the person is there",
        ClosedBecause::Incomplete => "What could be erased is; the person is told what was not",
        ClosedBecause::Duplicate => "Another request of the same person stands for it",
        ClosedBecause::AnsweredElsewhere => "It was answered without quietus",
        ClosedBecause::Mistake => "It was entered by mistake",
    }
}

pub(super) fn consent_state(one: ConsentState) -> &'static str {
    match one {
        ConsentState::Given => "Given",
        ConsentState::Absent => "None",
        ConsentState::Refused => "Refused",
        ConsentState::Withdrawn => "Withdrawn",
        ConsentState::Unknown => "Not known",
    }
}

pub(super) fn delay(one: DelayCode) -> &'static str {
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

pub(super) fn hold_reason(one: HoldReason) -> &'static str {
    match one {
        HoldReason::LegalClaims => "Legal claims (Art. 17(3)(e))",
        HoldReason::LegalObligation => "A legal obligation (Art. 17(3)(b))",
        HoldReason::Authority => "A court or an authority has ordered it",
        HoldReason::Restriction => "The person has asked for restriction (Art. 18(1))",
        HoldReason::Review => "What a rule does is being looked at",
    }
}

pub(super) fn link_state(one: LinkState) -> &'static str {
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
pub(super) fn recheck_why(word: &str) -> &'static str {
    match word {
        "unseen" => "nobody could look",
        "under_way" => "an erasure is under way",
        "back" => "it has come back since",
        "undated" => "nobody knows from when it is",
        "possible" => "it is possibly theirs",
        _ => "",
    }
}

pub(super) fn erasure_state(one: ErasureState) -> &'static str {
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

pub(super) fn extended_because(one: ExtendedBecause) -> &'static str {
    match one {
        ExtendedBecause::Complexity => "It is complex",
        ExtendedBecause::NumberOfRequests => "There are many requests",
    }
}

pub(super) fn outcome(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Erased",
        Outcome::Absent => "Absent",
        Outcome::Retained => "Retained",
        Outcome::Residual => "Still there",
        Outcome::Unverifiable => "Not verified",
        Outcome::Parked => "Not finished",
    }
}

pub(super) fn password_refused(one: PasswordRefused) -> &'static str {
    match one {
        PasswordRefused::TooShort => {
            "A password has at least 12 characters. A few words that do not belong together are easy to keep."
        }
        PasswordRefused::TooLong => "A password has at most 1024 bytes.",
        PasswordRefused::IsTheName => "The account’s name is no password. Choose another one.",
        PasswordRefused::WasGiven => "Whoever has given you the password knows it. Choose another one.",
    }
}

pub(super) fn recheck(one: RecheckOutcome) -> &'static str {
    match one {
        RecheckOutcome::Gone => "Gone",
        RecheckOutcome::Residual => "Something is there again",
        RecheckOutcome::Unclear => "Unclear: a person has to look",
        RecheckOutcome::Held => "There, and kept by a hold",
        RecheckOutcome::NotLooked => "Not looked at",
    }
}

pub(super) fn rejected_because(one: RejectedBecause) -> &'static str {
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

pub(super) fn request_state(one: RequestState) -> &'static str {
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

pub(super) fn role(one: Role) -> &'static str {
    match one {
        Role::Officer => "officer",
        Role::Approver => "approver",
        Role::Operator => "operator",
    }
}

pub(super) fn severity(one: Severity) -> &'static str {
    match one {
        Severity::Notice => "Worth knowing",
        Severity::Attention => "Needs somebody",
        Severity::Urgent => "Urgent",
    }
}

pub(super) fn stage(one: Stage) -> &'static str {
    match one {
        Stage::Find | Stage::FindLater => "Looking for what else it knows",
        Stage::Erase => "Erasing",
        Stage::Verify => "Being looked at again",
    }
}

pub(super) fn task_said(one: Said) -> &'static str {
    match one {
        Said::Erased => "It was there, and is gone",
        Said::Absent => "There was nothing",
        Said::Retained => "It stays, by law or duty",
        Said::Residual => "It is still there",
    }
}

pub(super) fn task_state(one: TaskState) -> &'static str {
    match one {
        TaskState::Open => "Open",
        TaskState::Late => "Nobody has confirmed it in time",
        TaskState::Residual => "Somebody has said that it is still there",
    }
}

pub(super) fn verdict(one: Verdict) -> &'static str {
    match one {
        Verdict::Complete => "Complete",
        Verdict::Retained => "Retained",
        Verdict::Incomplete => "Incomplete",
    }
}

pub(super) fn verified_by(one: VerifiedBy) -> &'static str {
    match one {
        VerifiedBy::Document => "By a document",
        VerifiedBy::KnownContact => "By a contact that was known before",
        VerifiedBy::EmailLink => "By a link in an e-mail",
    }
}

pub(super) fn would_be(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Would be erased",
        Outcome::Absent => "Nothing is there",
        Outcome::Retained => "Stays, by law",
        Outcome::Residual => "Would still be there",
        Outcome::Unverifiable => "Nobody can look",
        Outcome::Parked => "Needs somebody",
    }
}

pub(super) fn problem(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Unauthenticated => ("You are signed out", "Nothing was done. Sign in, and then do it again."),
        Code::Forbidden => ("You may not do this", "Nothing was done. An operator can tell who may."),
        Code::NotHttps => ("The way here is not safe", "Open the address with https, or tell the operator."),
        Code::NotFound => {
            ("It is not there", "Look at the list: it may have another number, or be of another company.")
        }
        Code::NoSuchPath => ("There is no such page", "Go on from the first page."),
        Code::NoSuchMethod => ("This page does not take that", "Go on from the first page."),
        Code::NotUnderstood | Code::NotJson => {
            ("That is not understood", "Nothing was done. Go back, and do it again.")
        }
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
