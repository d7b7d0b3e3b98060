//! Czech: one word or sentence for each of what there are several of.

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
        DelayCode::Unverified => "Ověřit totožnost",
        DelayCode::Unanswered => "Zapsat odpověď",
        DelayCode::Incomplete | DelayCode::NothingPlanned => "Rozhodnout, jak dál",
        DelayCode::Unplanned => "Sestavit plán",
        DelayCode::Unapproved => "Přečíst plán",
        DelayCode::NotRun => "Spustit výmaz",
        DelayCode::Parked | DelayCode::Paused | DelayCode::Out => "Zjistit proč",
        // By themselves, or with others.
        _ => "Podívat se",
    }
}

pub(super) fn came_by(one: Came) -> &'static str {
    match one {
        Came::Letter => "Dopis",
        Came::Email => "E-mail",
        Came::Phone => "Telefonát",
        Came::InPerson => "Osobně",
        Came::Form => "Formulář",
    }
}

pub(super) fn certainty(word: &str) -> &'static str {
    match word {
        "certain" => "jistá",
        "possible" => "možná",
        _ => "není známo",
    }
}

pub(super) fn chosen_because(one: ChosenBecause) -> &'static str {
    match one {
        ChosenBecause::PersonSays => "Řekla to sama osoba",
        ChosenBecause::Content => "Je to poznat z obsahu",
        ChosenBecause::Shared => "Telefon, prohlížeč nebo adresu používal i někdo jiný",
        ChosenBecause::Namesake => "Je to někdo jiný téhož jména",
        ChosenBecause::Needed => "Je potřeba, například pro otevřenou reklamaci",
    }
}

pub(super) fn closed_because(one: ClosedBecause) -> &'static str {
    match one {
        ClosedBecause::NothingHeld => "O osobě tu nic není",
        ClosedBecause::Incomplete => "Co šlo vymazat, je vymazané; o zbytku se osoba dozví",
        ClosedBecause::Duplicate => "Místo ní pokračuje jiná žádost téže osoby",
        ClosedBecause::AnsweredElsewhere => "Byla vyřízena mimo quietus",
        ClosedBecause::Mistake => "Byla zapsána omylem",
    }
}

pub(super) fn consent_state(one: ConsentState) -> &'static str {
    match one {
        ConsentState::Given => "Udělen",
        ConsentState::Absent => "Žádný",
        ConsentState::Refused => "Odmítnut",
        ConsentState::Withdrawn => "Odvolán",
        ConsentState::Unknown => "Není znám",
    }
}

pub(super) fn delay(one: DelayCode) -> &'static str {
    match one {
        DelayCode::Unverified => "Není ověřeno, čí žádost je.",
        DelayCode::Unanswered => "Čeká se na odpověď na dotaz.",
        DelayCode::Reopened => "Našlo se znovu něco, co bylo vymazáno. Nový výmaz spustí správce.",
        DelayCode::Incomplete => {
            "Doklad říká, že něco zůstalo: sestavte další plán, nebo žádost ukončete jako neúplnou."
        }
        DelayCode::Unplanned => "Osobu zatím nikdo nedohledal.",
        DelayCode::NothingPlanned => "Plán nic neobsahuje: rozhodněte o možných konverzacích, nebo žádost ukončete.",
        DelayCode::Unapproved => "Plán musí schválit někdo jiný.",
        DelayCode::NotRun => "Plán je hotový, ale výmaz nikdo nespustil.",
        DelayCode::Approval => "Výmaz musí schválit člověk.",
        DelayCode::Parked => "{target}: je potřeba člověk, samo se už nic nestane.",
        DelayCode::Held => "Brání tomu pozastavení.",
        DelayCode::Paused => "{target}: volání systému je pozastavené.",
        DelayCode::Out => "{target}: systém nefunguje, zkouší se znovu sám.",
        DelayCode::Task => "{target}: čeká na člověka, který tam maže.",
        DelayCode::Report => "{target}: systém pokyn přijal a má se ozvat.",
        DelayCode::Link => "Čeká se na použití odkazu z e-mailu.",
        DelayCode::Purge => "{target}: vymazáno, dodavatel data odstraní později. Potom se to znovu zkontroluje.",
        DelayCode::NotDue => "Jeho čas ještě nepřišel.",
        DelayCode::Settling => "Konverzace se ještě neustálily: může v nich něco přibýt.",
        DelayCode::Target => "{target}: volání čeká nebo právě probíhá.",
        DelayCode::Receipt => "Všechny systémy odpověděly; zapisuje se doklad.",
    }
}

pub(super) fn hold_reason(one: HoldReason) -> &'static str {
    match one {
        HoldReason::LegalClaims => "Právní nároky (čl. 17 odst. 3 písm. e)",
        HoldReason::LegalObligation => "Právní povinnost (čl. 17 odst. 3 písm. b)",
        HoldReason::Authority => "Nařízení soudu nebo úřadu",
        HoldReason::Restriction => "Osoba žádá omezení zpracování (čl. 18 odst. 1)",
        HoldReason::Review => "Prověřuje se, co pravidlo dělá",
    }
}

pub(super) fn link_state(one: LinkState) -> &'static str {
    match one {
        LinkState::Waiting => "Odkaz se teprve pošle.",
        LinkState::Sending => "Odkaz se právě posílá.",
        LinkState::Sent => "Odkaz je odeslaný a zatím ho nikdo nepoužil.",
        LinkState::Used => "Odkaz byl použit.",
        LinkState::Failed => "Odkaz k nikomu nedošel: pošta ho odmítla.",
        LinkState::Over => "Odkaz už neplatí.",
    }
}

/// Nothing for what is not known.
pub(super) fn recheck_why(word: &str) -> &'static str {
    match word {
        "unseen" => "nikdo se nemohl podívat",
        "under_way" => "právě probíhá výmaz",
        "back" => "od té doby se vrátilo",
        "undated" => "není známo, ze kdy je",
        "possible" => "patří jí možná",
        _ => "",
    }
}

pub(super) fn erasure_state(one: ErasureState) -> &'static str {
    match one {
        ErasureState::Requested => "Čeká na schválení",
        ErasureState::Scheduled => "Čeká na svůj čas",
        ErasureState::Erasing => "Maže se",
        ErasureState::Verifying => "Znovu se kontroluje",
        ErasureState::Parked => "Potřebuje člověka",
        ErasureState::Done => "Skončil, je doklad",
        ErasureState::Cancelled => "Zrušen",
    }
}

pub(super) fn extended_because(one: ExtendedBecause) -> &'static str {
    match one {
        ExtendedBecause::Complexity => "Je složitá",
        ExtendedBecause::NumberOfRequests => "Žádostí je mnoho",
    }
}

pub(super) fn outcome(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Vymazáno",
        Outcome::Absent => "Nebylo tam",
        Outcome::Retained => "Ponecháno",
        Outcome::Residual => "Stále tam je",
        Outcome::Unverifiable => "Neověřeno",
        Outcome::Parked => "Nedokončeno",
    }
}

pub(super) fn password_refused(one: PasswordRefused) -> &'static str {
    match one {
        PasswordRefused::TooShort => "Heslo má aspoň 12 znaků. Dobře se pamatuje několik slov, která k sobě nepatří.",
        PasswordRefused::TooLong => "Heslo má nejvýše 1024 bajtů.",
        PasswordRefused::IsTheName => "Jméno účtu není heslo. Zvolte jiné.",
        PasswordRefused::WasGiven => "Zadané heslo zná ten, kdo vám ho dal. Zvolte jiné.",
    }
}

pub(super) fn recheck(one: RecheckOutcome) -> &'static str {
    match one {
        RecheckOutcome::Gone => "Není tam",
        RecheckOutcome::Residual => "Zase tam něco je",
        RecheckOutcome::Unclear => "Nejasné: musí se podívat člověk",
        RecheckOutcome::Held => "Je tam a drží to pozastavení",
        RecheckOutcome::NotLooked => "Neprověřeno",
    }
}

pub(super) fn rejected_because(one: RejectedBecause) -> &'static str {
    match one {
        RejectedBecause::NotIdentified => "Osobu nešlo ztotožnit (čl. 11 a 12)",
        RejectedBecause::NotThePerson => "Žádost podal někdo jiný (čl. 12 odst. 6)",
        RejectedBecause::Unfounded => "Je zjevně nedůvodná (čl. 12 odst. 5)",
        RejectedBecause::Excessive => "Je nepřiměřená (čl. 12 odst. 5)",
        RejectedBecause::NoGround => "Údaje jsou stále potřeba (čl. 17 odst. 1)",
        RejectedBecause::Expression => "Svoboda projevu (čl. 17 odst. 3 písm. a)",
        RejectedBecause::LegalObligation => "Právní povinnost (čl. 17 odst. 3 písm. b)",
        RejectedBecause::PublicHealth => "Veřejné zdraví (čl. 17 odst. 3 písm. c)",
        RejectedBecause::Research => "Archivace, výzkum, statistika (čl. 17 odst. 3 písm. d)",
        RejectedBecause::LegalClaims => "Právní nároky (čl. 17 odst. 3 písm. e)",
    }
}

pub(super) fn request_state(one: RequestState) -> &'static str {
    match one {
        RequestState::Unverified => "Čeká na ověření",
        RequestState::Asked => "Čeká na odpověď",
        RequestState::Verified => "Bez plánu",
        RequestState::Planned => "Naplánovaná",
        RequestState::Approved => "Schválená",
        RequestState::Erasing => "Maže se",
        RequestState::Reopened => "Znovu nalezeno",
        RequestState::Done => "Skončila dokladem",
        RequestState::Rejected => "Zamítnutá",
        RequestState::Withdrawn => "Stažená",
        RequestState::Closed => "Ukončená",
    }
}

pub(super) fn role(one: Role) -> &'static str {
    match one {
        Role::Officer => "pověřenec",
        Role::Approver => "schvalovatel",
        Role::Operator => "správce",
    }
}

pub(super) fn severity(one: Severity) -> &'static str {
    match one {
        Severity::Notice => "Pro informaci",
        Severity::Attention => "Potřebuje člověka",
        Severity::Urgent => "Naléhavé",
    }
}

pub(super) fn stage(one: Stage) -> &'static str {
    match one {
        Stage::Find | Stage::FindLater => "Zjišťuje, co dalšího o osobě má",
        Stage::Erase => "Maže",
        Stage::Verify => "Znovu se kontroluje",
    }
}

pub(super) fn task_said(one: Said) -> &'static str {
    match one {
        Said::Erased => "Bylo tam a je smazané",
        Said::Absent => "Nic tam nebylo",
        Said::Retained => "Zůstává podle zákona nebo povinnosti",
        Said::Residual => "Pořád tam je",
    }
}

pub(super) fn task_state(one: TaskState) -> &'static str {
    match one {
        TaskState::Open => "Otevřený",
        TaskState::Late => "Nikdo ho nepotvrdil včas",
        TaskState::Residual => "Podle někoho to tam pořád je",
    }
}

pub(super) fn verdict(one: Verdict) -> &'static str {
    match one {
        Verdict::Complete => "Úplný",
        Verdict::Retained => "Něco ponecháno",
        Verdict::Incomplete => "Neúplný",
    }
}

pub(super) fn verified_by(one: VerifiedBy) -> &'static str {
    match one {
        VerifiedBy::Document => "Dokladem totožnosti",
        VerifiedBy::KnownContact => "Známým kontaktem",
        VerifiedBy::EmailLink => "Odkazem v e-mailu",
    }
}

pub(super) fn would_be(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Vymaže se",
        Outcome::Absent => "Nic tam není",
        Outcome::Retained => "Zůstane ze zákona",
        Outcome::Residual => "Zůstalo by tam",
        Outcome::Unverifiable => "Nejde prověřit",
        Outcome::Parked => "Potřebuje člověka",
    }
}

pub(super) fn problem(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Unauthenticated => ("Nejste přihlášeni", "Nic se neprovedlo. Přihlaste se a udělejte to znovu."),
        Code::Forbidden => ("K tomu nemáte oprávnění", "Nic se neprovedlo. Správce vám řekne, kdo to smí."),
        Code::NotHttps => ("Spojení není bezpečné", "Otevřete adresu přes https, nebo to řekněte správci."),
        Code::NotFound => {
            ("Není to tu", "Podívejte se do seznamu: může to mít jiné číslo, nebo patřit jiné společnosti.")
        }
        Code::NoSuchPath => ("Taková stránka není", "Pokračujte z úvodní stránky."),
        Code::NoSuchMethod => ("To tato stránka neumí", "Pokračujte z úvodní stránky."),
        Code::NotUnderstood | Code::NotJson => {
            ("Tomu quietus nerozumí", "Nic se neprovedlo. Vraťte se a udělejte to znovu.")
        }
        Code::TooLarge => ("To je najednou příliš", "Nic se neprovedlo. Pošlete méně."),
        Code::TooSlow => ("Nepřišlo to včas", "Nic se neprovedlo. Pošlete to znovu."),
        Code::Input => (
            "Nejdřív je potřeba něco změnit",
            "Nic se neprovedlo. Vraťte se, změňte, co je uvedeno níže, a pošlete to znovu.",
        ),
        Code::Conflict => ("Za tohoto stavu to nejde", "Nic se neprovedlo. Podívejte se, jak to vypadá teď."),
        Code::Duplicate => ("Tato osoba už má otevřenou žádost", "Pokračujte v ní."),
        Code::Unavailable => {
            ("Teď to nejde", "Za chvíli se podívejte, jestli se to provedlo, a teprve potom to zadejte znovu.")
        }
        Code::Configuration => ("Konfigurace je chybná", "Řekněte to správci: v logu serveru je, co je špatně."),
        Code::NotShown => ("Je to hotové, ale nejde to ukázat", "Podívejte se za chvíli a nezadávejte to znovu."),
        Code::Failed => ("Nepovedlo se to", "Řekněte to správci: víc je v logu serveru."),
    }
}
