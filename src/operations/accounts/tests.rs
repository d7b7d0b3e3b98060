mod giving;

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::access::{Bearer, BearerKind, Browser, IDLE_MAX, NewToken, Permission, Role, SESSION_MAX};
use crate::app::open_operations;
use crate::audit::{Act, ActResult, Apart, AuditEntry, Object};
use crate::config::Config;
use crate::key_files::Keys;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{AuditRange, Cursor};

const CONFIG: &str = r#"
[[mluvii]]
name = "acme"
base_url = "http://127.0.0.1:9"
client_id = { file = "secret" }
client_secret = { file = "secret" }
[[mluvii]]
name = "globex"
base_url = "http://127.0.0.1:9/globex"
client_id = { file = "secret" }
client_secret = { file = "secret" }
[[source]]
name = "hooks"
mluvii = "globex"
auth = [{ basic = { user = "mluvii", password = { file = "secret" } } }]
"#;

const PASSWORD: &str = "correct horse battery";

/// A deployment in which nobody has an account yet.
struct Deployment {
    folder: TempDir,
    on: Operations,
    limits: SignInLimits,
}

impl Deployment {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("quietus.toml"), CONFIG).expect("written");
        std::fs::write(folder.path().join("secret"), "hunter2-hunter2\n").expect("written");
        Keys::create(&folder.path().join("keys")).expect("made");
        drop(SqliteLedger::open(&folder.path().join("quietus.db")).expect("made"));
        let config = Config::load(&folder.path().join("quietus.toml")).expect("sound");
        Self { folder, on: open_operations(config).await.expect("opens"), limits: SignInLimits::default() }
    }

    async fn add(&self, text: &str, roles: &[Role], companies: &[&str]) {
        let request = AccountRequest {
            name: name(text),
            shown_as: "Anna Nováková".into(),
            roles: Roles::of(roles.iter().copied()).expect("roles"),
            companies: companies.iter().map(|name| InstallationName((*name).into())).collect(),
            password: Some(Secret::new(PASSWORD)),
        };
        add(&self.on, request, &by()).await.expect("added");
    }

    async fn sign_in(&self, text: &str, password: &str, from: u8) -> Result<SignedIn, SignInRefused> {
        let from = IpAddr::from([192, 0, 2, from]);
        let browser = Some(Browser::Edge);
        sign_in(&self.on, text, Secret::new(password), from, browser, &self.limits).await.expect("answered")
    }

    async fn refused(&self, text: &str, password: &str, from: u8) -> Option<SignInRefused> {
        self.sign_in(text, password, from).await.err()
    }

    async fn known(&self, signed_in: &SignedIn) -> Option<Identity> {
        by_session(&self.on, signed_in.cookie.expose()).await.expect("answered")
    }

    async fn issue(&self, text: &str, roles: &[Role], companies: &[&str]) -> Result<IssuedToken, OperationError> {
        let request = TokenRequest {
            account: name(text),
            roles: Roles::of(roles.iter().copied()).expect("roles"),
            companies: companies.iter().map(|name| InstallationName((*name).into())).collect(),
            purpose: "the data warehouse".into(),
            lasts: Duration::from_secs(60),
        };
        issue_token(&self.on, request, &by()).await
    }

    async fn by_token(&self, issued: &IssuedToken) -> Option<Identity> {
        by_token(&self.on, issued.secret.expose()).await.expect("answered")
    }

    /// The acts with their actors, objects and results.
    async fn audit(&self) -> Vec<String> {
        let rows = self.on.ledger.audit(&AuditRange::all(Cursor::Up(1), 1_000)).await.expect("read").items;
        let said = rows.iter().map(|row| {
            let said = &row.statement;
            format!("{} {} {} {}", said.actor, said.act, said.object, said.result)
        });
        said.collect()
    }

    /// Changes what is stored, past the program.
    fn sql(&self, sql: &str) {
        let ledger = rusqlite::Connection::open(self.folder.path().join("quietus.db")).expect("opens");
        ledger.busy_timeout(Duration::from_secs(10)).expect("set");
        ledger.execute_batch(sql).expect("is carried out");
    }
}

fn by() -> Actor {
    Actor::cli("root")
}

fn name(text: &str) -> AccountName {
    text.parse().expect("a name")
}

#[tokio::test]
async fn who_shows_an_accounts_password_is_signed_in_and_nobody_else_learns_what_was_wrong() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer], &["hooks"]).await;
    deployment.add("eva", &[Role::Operator], &[]).await;
    disable(&deployment.on, &name("eva"), &by()).await.expect("disabled");
    let signed_in = deployment.sign_in(" Ann ", PASSWORD, 1).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    let identity = deployment.known(&signed_in).await.expect("somebody");
    assert_eq!(identity, signed_in.identity);
    assert_eq!((identity.actor().as_str(), &*identity.shown_as), ("user:ann", "Anna Nováková"));
    assert!(identity.roles.allow(Permission::Requests) && !identity.roles.allow(Permission::Operate));
    assert_eq!(identity.companies, Companies::named([InstallationName("globex".into())]), "by its own name");
    let listed = sessions(&deployment.on, &identity).await.expect("listed");
    assert_eq!(listed.iter().map(|one| one.browser).collect::<Vec<_>>(), [Some(Browser::Edge)]);

    // No account, no password, a disabled one, and what can be no name.
    for (text, password) in
        [("ann", "another horse battery"), ("bob", PASSWORD), ("eva", PASSWORD), (PASSWORD, "ann"), ("", "")]
    {
        assert_eq!(deployment.refused(text, password, 2).await, Some(SignInRefused::Wrong), "{text}");
    }
    assert!(by_session(&deployment.on, "qs_000000000000_0").await.expect("answered").is_none());
    let other = Bearer::generate(BearerKind::Session);
    let (_, secret) = other.text.expose().rsplit_once('_').expect("two parts");
    let ByWhat::Session(id) = &identity.by else { panic!("{identity:?}") };
    assert!(by_session(&deployment.on, &format!("qs_{id}_{secret}")).await.expect("answered").is_none());

    let audit = deployment.audit().await;
    let expected = [
        "cli:root account.add account:ann done",
        "cli:root account.add account:eva done",
        "cli:root account.disable account:eva done",
        "user:ann account.sign_in account:ann done",
        "stranger:sign-in account.sign_in_refused account:ann unchanged",
        "stranger:sign-in account.sign_in_refused accounts unchanged",
        "stranger:sign-in account.sign_in_refused account:eva unchanged",
        "stranger:sign-in account.sign_in_refused accounts unchanged",
        "stranger:sign-in account.sign_in_refused accounts unchanged",
    ];
    assert_eq!(audit, expected);
    sign_out(&deployment.on, &identity).await.expect("signed out");
    assert!(deployment.known(&signed_in).await.is_none());
}

#[tokio::test]
async fn whoever_is_refused_has_cost_as_much_as_whoever_has_an_account() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer], &[]).await;
    deployment.add("eva", &[Role::Operator], &[]).await;
    disable(&deployment.on, &name("eva"), &by()).await.expect("disabled");
    let without = AccountRequest {
        name: name("dan"),
        shown_as: "Dan".into(),
        roles: Roles::of([Role::Officer]).expect("roles"),
        companies: Vec::new(),
        password: None,
    };
    add(&deployment.on, without, &by()).await.expect("added");
    let tries = [
        ("ann", "another horse battery"),
        ("bob", PASSWORD),
        ("eva", PASSWORD),
        ("dan", PASSWORD),
        ("no name at all", PASSWORD),
        ("", ""),
    ];
    for (from, (text, password)) in (1..).zip(tries) {
        let before = PasswordHash::looked_at();
        assert_eq!(deployment.refused(text, password, from).await, Some(SignInRefused::Wrong), "{text}");
        assert_eq!(PasswordHash::looked_at() - before, 1, "{text}");
    }
    let before = PasswordHash::looked_at();
    deployment.sign_in("ann", PASSWORD, 7).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    assert_eq!(PasswordHash::looked_at() - before, 1);
}

#[tokio::test]
async fn who_tries_too_often_waits_and_nobody_else_does() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer], &[]).await;
    for _ in 0..5 {
        assert_eq!(deployment.refused("ann", "another horse battery", 1).await, Some(SignInRefused::Wrong));
    }
    let later = deployment.refused("ann", PASSWORD, 1).await;
    assert!(matches!(later, Some(SignInRefused::Later(wait)) if wait > Duration::from_secs(14 * 60)), "{later:?}");
    assert_eq!(deployment.refused("ann", PASSWORD, 2).await, None);
    assert_eq!(deployment.audit().await.iter().filter(|row| row.contains("sign_in_refused")).count(), 5);
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_account_and_another_password() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer], &[]).await;
    let signed_in = async |from: u8| deployment.sign_in("ann", PASSWORD, from).await.expect("signed in");
    let (first, second, third) = (signed_in(1).await, signed_in(2).await, signed_in(3).await);
    let from = IpAddr::from([192, 0, 2, 1]);
    let change = async |of: &SignedIn, old: &str, new: &str| {
        let (old, new) = (Secret::new(old), Secret::new(new));
        change_password(&deployment.on, &of.identity, old, new, from, Some(Browser::Edge), &deployment.limits).await
    };
    let short = change(&first, PASSWORD, "short").await;
    assert!(matches!(short, Err(OperationError::Input(InputError::Password(_)))));
    let wrong = change(&first, "another horse battery", "a new horse battery").await;
    assert_eq!(wrong.expect("answered").map(drop), Err(SignInRefused::Wrong));
    assert!(deployment.known(&second).await.is_some(), "nothing has changed");
    let carried =
        change(&first, PASSWORD, "a new horse battery").await.expect("answered").ok().flatten().expect("changed");
    for former in [&first, &second, &third] {
        assert!(deployment.known(former).await.is_none(), "also the one in which it was changed");
    }
    let known =
        by_session(&deployment.on, carried.expose()).await.expect("answered").expect("it goes on in another one");
    assert_eq!(known.account, first.identity.account);
    assert_ne!(known.by, first.identity.by);
    let listed = sessions(&deployment.on, &known).await.expect("listed");
    assert_eq!(listed.iter().map(|one| one.browser).collect::<Vec<_>>(), [Some(Browser::Edge)]);
    assert_eq!(deployment.refused("ann", PASSWORD, 4).await, Some(SignInRefused::Wrong));

    let idle = i64::try_from(IDLE_MAX.as_millis()).expect("small");
    let signed_in = async || deployment.sign_in("ann", "a new horse battery", 5).await.expect("signed in");
    let fourth = signed_in().await;
    deployment.sql(&format!("UPDATE account_session SET seen = seen - {}", idle - 60_000));
    assert!(deployment.known(&fourth).await.is_some(), "and by this it is seen again");
    deployment.sql(&format!("UPDATE account_session SET seen = seen - {}", idle - 60_000));
    assert!(deployment.known(&fourth).await.is_some());
    deployment.sql(&format!("UPDATE account_session SET seen = seen - {idle}"));
    assert!(deployment.known(&fourth).await.is_none());
    assert_eq!(SESSION_MAX, Duration::from_secs(12 * 60 * 60));

    let [fifth, sixth] = [signed_in().await, signed_in().await];
    assert_eq!(
        sign_out_everywhere(&deployment.on, &fifth.identity).await.expect("signed out"),
        4,
        "also the idle ones"
    );
    assert!(deployment.known(&sixth).await.is_none());
    let seventh = signed_in().await;
    disable(&deployment.on, &name("ann"), &by()).await.expect("disabled");
    enable(&deployment.on, &name("ann"), &by()).await.expect("enabled");
    assert!(deployment.known(&seventh).await.is_none());
}

#[tokio::test]
async fn a_token_may_what_it_was_given_of_what_its_account_may_now() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer, Role::Operator], &["acme", "globex"]).await;
    let issued = deployment.issue("ann", &[Role::Officer, Role::Operator], &[]).await.expect("issued");
    let of_globex = deployment.issue("ann", &[Role::Operator], &["hooks"]).await.expect("issued");
    let identity = deployment.by_token(&issued).await.expect("somebody");
    assert_eq!(identity.actor().as_str(), format!("token:ann/{}", issued.token.id));
    assert_eq!(identity.companies, Companies::named(["acme", "globex"].map(|name| InstallationName(name.into()))));
    assert_eq!(identity.actor().apart_from(&Actor::user(&name("ann"))), Apart::One);
    let used = tokens(&deployment.on, Some(&name("ann"))).await.expect("listed");
    let used: Vec<_> = used.iter().filter(|token| token.last_used.is_some()).map(|token| &token.id).collect();
    assert_eq!(used, [&issued.token.id]);
    // It is no session, and does what only a session does not.
    assert!(by_session(&deployment.on, issued.secret.expose()).await.expect("answered").is_none());
    assert!(matches!(sign_out(&deployment.on, &identity).await, Err(OperationError::Conflict(_))));

    let narrower = ChangeRequest {
        shown_as: None,
        roles: Roles::of([Role::Officer]),
        companies: Some(CompaniesRequest::Only(vec![InstallationName("acme".into())])),
    };
    change(&deployment.on, &name("ann"), narrower, &by()).await.expect("changed");
    let identity = deployment.by_token(&issued).await.expect("somebody");
    assert_eq!(
        (Some(&identity.roles), &*identity.companies.to_string()),
        (Roles::of([Role::Officer]).as_ref(), "acme")
    );
    assert!(deployment.by_token(&of_globex).await.is_none(), "nothing of it is left");
    for (roles, companies, expected) in [
        (Role::Operator, &["acme"][..], "ann has officer"),
        (Role::Officer, &["hooks"][..], "ann may see acme"),
        (Role::Officer, &["initech"][..], "there is no mluvii installation `initech`"),
    ] {
        let refused = deployment.issue("ann", &[roles], companies).await.expect_err("it is more").to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    // What the account may see later, a token for which no company was named may not.
    let of_acme = deployment.issue("ann", &[Role::Officer], &[]).await.expect("issued");
    let wider = ChangeRequest { shown_as: None, roles: None, companies: Some(CompaniesRequest::All) };
    change(&deployment.on, &name("ann"), wider, &by()).await.expect("changed");
    assert_eq!(deployment.by_token(&of_acme).await.expect("somebody").companies.to_string(), "acme");
    let of_all = deployment.issue("ann", &[Role::Officer], &[]).await.expect("issued");
    assert_eq!(deployment.by_token(&of_all).await.expect("somebody").companies, Companies::All);
    disable(&deployment.on, &name("ann"), &by()).await.expect("disabled");
    assert!(deployment.by_token(&issued).await.is_none());
    assert!(matches!(deployment.issue("ann", &[Role::Officer], &[]).await, Err(OperationError::Conflict(_))));
    enable(&deployment.on, &name("ann"), &by()).await.expect("enabled");
    assert!(deployment.by_token(&issued).await.is_some());
    revoke_token(&deployment.on, &issued.token.id, &by()).await.expect("revoked");
    assert!(deployment.by_token(&issued).await.is_none());
    let again = revoke_token(&deployment.on, &issued.token.id, &by()).await;
    assert!(matches!(again, Err(OperationError::NotFound(_))));
}

#[tokio::test]
async fn a_token_is_good_until_its_time_is_over_and_for_a_year_at_most() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer], &[]).await;
    let request = |lasts| TokenRequest {
        account: name("ann"),
        roles: Roles::of([Role::Officer]).expect("a role"),
        companies: Vec::new(),
        purpose: "a script".into(),
        lasts,
    };
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    for lasts in [Duration::ZERO, year + Duration::from_secs(1)] {
        let refused = issue_token(&deployment.on, request(lasts), &by()).await;
        assert!(matches!(refused, Err(OperationError::Input(InputError::TokenLasts))), "{refused:?}");
    }
    assert!(issue_token(&deployment.on, request(year), &by()).await.is_ok());
    // One that was over a moment ago.
    let Bearer { id, hash, text } = Bearer::generate(BearerKind::Token);
    let TokenRequest { account, roles, purpose, .. } = request(year);
    let expires = Timestamp::now() - Duration::from_secs(1);
    let over = NewToken { id, hash, account, roles, companies: Companies::All, purpose, expires };
    assert!(deployment.on.ledger.add_token(&over, &by()).await.expect("added"));
    assert!(by_token(&deployment.on, text.expose()).await.expect("answered").is_none());
}

impl Deployment {
    /// Adds an account without a password.
    async fn add_by(&self, text: &str, by: &Actor) {
        let request = AccountRequest {
            name: name(text),
            shown_as: "Somebody".into(),
            roles: Roles::of([Role::Officer, Role::Approver]).expect("roles"),
            companies: Vec::new(),
            password: None,
        };
        add(&self.on, request, by).await.expect("added");
    }

    /// Somebody with a token of an account.
    async fn token_by(&self, text: &str, by: &Actor) -> Actor {
        let request = TokenRequest {
            account: name(text),
            roles: Roles::of([Role::Approver]).expect("a role"),
            companies: Vec::new(),
            purpose: "to approve".into(),
            lasts: Duration::from_secs(60),
        };
        let issued = issue_token(&self.on, request, by).await.expect("issued");
        Actor::token(&name(text), &issued.token.id)
    }

    /// Why somebody does not approve what somebody has asked for; nothing where they do.
    async fn why_not(&self, by: &Actor, asked: &Actor) -> String {
        self.why_not_of(by, &Asker::now(asked)).await
    }

    /// The same of somebody who has asked at some time.
    async fn why_not_of(&self, by: &Actor, asker: &Asker) -> String {
        let why = why_not(&self.on, by, std::slice::from_ref(asker)).await.expect("answered");
        why.map(|why| why.to_string()).unwrap_or_default()
    }

    /// Somebody asks for something; who that was is known by the row of it.
    async fn asks(&self, actor: &Actor) -> Asker {
        let entry = AuditEntry::new(actor, Act::RequestErasure, Object::erasures(), ActResult::Done);
        self.on.ledger.note(entry).await.expect("noted");
        let newest = self.on.ledger.audit(&AuditRange::all(Cursor::NEWEST, 1)).await.expect("read");
        Asker::of(&newest.items[0])
    }

    async fn gives_password(&self, text: &str, by: &Actor) {
        set_password(&self.on, &name(text), &Secret::new(PASSWORD), by).await.expect("set");
    }
}

#[tokio::test]
async fn who_has_asked_is_known_by_the_password_that_they_had_then() {
    let deployment = Deployment::new().await;
    for text in ["otto", "jana"] {
        deployment.add_by(text, &by()).await;
    }
    let (otto, jana) = (Actor::user(&name("otto")), Actor::user(&name("jana")));
    deployment.gives_password("otto", &by()).await;

    // He asks as her, and she is given another password afterwards.
    deployment.gives_password("jana", &otto).await;
    let as_her = deployment.asks(&jana).await;
    deployment.gives_password("jana", &by()).await;
    let why = deployment.why_not_of(&otto, &as_her).await;
    assert!(why.contains("has given") && why.contains("asked for anew"), "{why}");
    assert_eq!(deployment.why_not(&otto, &jana).await, "", "what she asks for now, he may approve");

    // She asks herself, and he gives her a password afterwards: it was she who has asked.
    let herself = deployment.asks(&jana).await;
    deployment.gives_password("jana", &otto).await;
    assert_eq!(deployment.why_not_of(&otto, &herself).await, "");
    assert!(deployment.why_not(&otto, &jana).await.contains("has given"));
    // Of whom nobody knows when they have asked, nobody knows who that was; a name of the machine says it, and a token names itself.
    assert!(deployment.why_not_of(&otto, &Asker::forgotten(&jana)).await.contains("no longer in the ledger's audit"));
    assert_eq!(deployment.why_not_of(&otto, &Asker::forgotten(&Actor::cli("jana"))).await, "");
    let token = deployment.token_by("jana", &by()).await;
    assert_eq!(deployment.why_not_of(&otto, &Asker::forgotten(&token)).await, "");
}

#[tokio::test]
async fn who_has_asked_often_is_looked_at_once_for_each_password() {
    let deployment = Deployment::new().await;
    deployment.add_by("jana", &by()).await;
    let jana = Actor::user(&name("jana"));
    deployment.gives_password("jana", &by()).await;
    let mut asked = vec![deployment.asks(&jana).await, deployment.asks(&jana).await];
    // Her own is no other.
    deployment.gives_password("jana", &jana).await;
    asked.push(deployment.asks(&jana).await);
    let mut passwords = Passwords::default();
    let once = passwords.distinct(&deployment.on, &asked).await.expect("answered");
    assert_eq!(once.len(), 1);
    deployment.gives_password("jana", &by()).await;
    asked.extend([deployment.asks(&jana).await, deployment.asks(&Actor::cli("jana")).await]);
    let each = Passwords::default().distinct(&deployment.on, &asked).await.expect("answered");
    assert_eq!(each.len(), 3, "{each:?}");
    assert_eq!(each[0], once[0]);
    let again = Passwords::default().distinct(&deployment.on, &each).await.expect("answered");
    assert_eq!(again, each, "what is compared stays comparable");
}

#[tokio::test]
async fn one_person_by_two_ways_in_is_somebody_else_only_where_an_account_says_so() {
    let deployment = Deployment::new().await;
    // Root without a name could be any of them.
    let giver = Actor::cli("ivan");
    for text in ["adam", "jana"] {
        deployment.add_by(text, &giver).await;
    }
    let adam = deployment.token_by("adam", &giver).await;
    for (asked, expected) in [
        (Actor::cli("quietus"), "it is not known whether"),
        (Actor::cli("root"), "it is not known whether"),
        (Actor::cli("uid:1000"), "each with an account of their own"),
        (Actor::cli("petr"), "quietus users add petr"),
        (Actor::cli("root (sudo: petr)"), "quietus users add petr"),
        (Actor::cli("Adam"), "somebody else has to approve it"),
        (Actor::user(&name("adam")), "somebody else has to approve it"),
        (Actor::cli("jana"), ""),
        (Actor::cli("root (sudo: Jana)"), ""),
    ] {
        let why = deployment.why_not(&adam, &asked).await;
        assert!(if expected.is_empty() { why.is_empty() } else { why.contains(expected) }, "{asked}: {why}");
    }
    // The other way round: it was planned by a token, and is approved on the machine.
    assert_eq!(deployment.why_not(&Actor::cli("jana"), &adam).await, "");
    assert!(deployment.why_not(&Actor::cli("quietus"), &adam).await.contains("it is not known whether"));
    deployment.add_by("petr", &giver).await;
    assert_eq!(deployment.why_not(&adam, &Actor::cli("petr")).await, "", "now an account says who that is");
}

#[tokio::test]
async fn nobody_approves_by_what_they_have_given_themselves() {
    let deployment = Deployment::new().await;
    for text in ["adam", "jana"] {
        deployment.add_by(text, &by()).await;
    }
    let (jana, sudo) = (Actor::cli("jana"), Actor::cli("root (sudo: jana)"));
    let of_jana = Actor::user(&name("jana"));
    set_password(&deployment.on, &name("jana"), &Secret::new(PASSWORD), &by()).await.expect("set");
    let own = "has given";
    for giver in [&jana, &sudo] {
        let adam = deployment.token_by("adam", giver).await;
        for asked in [&jana, &sudo, &of_jana] {
            assert!(deployment.why_not(&adam, asked).await.contains(own), "{giver} {asked}");
            // She has planned by the token of a colleague.
            assert!(!deployment.why_not(asked, &adam).await.is_empty(), "{giver} {asked}");
        }
    }
    let adam = deployment.token_by("adam", &by()).await;
    assert_eq!(deployment.why_not(&adam, &jana).await, "", "it is the token that counts");

    // The same of a password, whoever has added the account, and whatever its own is changed to by whoever has signed in so.
    let adam = Actor::user(&name("adam"));
    assert_eq!(deployment.why_not(&adam, &jana).await, "");
    set_password(&deployment.on, &name("adam"), &Secret::new(PASSWORD), &jana).await.expect("set");
    assert!(deployment.why_not(&adam, &jana).await.contains(own));
    let signed_in = deployment.sign_in("adam", PASSWORD, 1).await.expect("signed in");
    let (old, new) = (Secret::new(PASSWORD), Secret::new("another horse battery"));
    let from = IpAddr::from([192, 0, 2, 1]);
    let changed = change_password(&deployment.on, &signed_in.identity, old, new, from, None, &deployment.limits).await;
    assert_eq!(changed.expect("answered").map(drop), Ok(()));
    assert!(deployment.why_not(&adam, &jana).await.contains(own));
    set_password(&deployment.on, &name("adam"), &Secret::new(PASSWORD), &by()).await.expect("set");
    assert_eq!(deployment.why_not(&adam, &jana).await, "");

    // Nobody knows who has given it where the row is in an archive.
    deployment.sql("DELETE FROM audit");
    assert!(deployment.why_not(&adam, &of_jana).await.contains("no longer in the ledger's audit"));
}
