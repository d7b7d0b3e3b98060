//! What operators give in a browser, and what they do not come by themselves by it.

use super::*;
use crate::access::ONE_TIME_MAX;
use crate::operations::accounts::session::{SessionSecret, is_over};

const OWN: &str = "another horse battery";

impl Deployment {
    /// Somebody who has signed in.
    async fn identity(&self, text: &str, password: &str) -> Identity {
        let signed_in = self.sign_in(text, password, 1).await.expect("signed in");
        self.known(&signed_in).await.expect("known")
    }

    async fn carried_out(&self, order: AccountOrder, by: &Identity, asked: &Identity) -> Result<Given, OperationError> {
        let was = ordered_on(&self.on, &order, &asked.account).await.expect("answered");
        carry_out(&self.on, order, &was, by, &asked.account).await
    }

    /// A one-time password that one operator gives alone, or another one where they are asked.
    async fn given(&self, order: AccountOrder, by: &Identity, asked: &Identity) -> Secret {
        match self.carried_out(order, by, asked).await.expect("done") {
            Given::Password(password) => password,
            other => panic!("{other:?}"),
        }
    }

    async fn chosen(&self, text: &str, given: &Secret, new: &str) -> Result<Option<SessionSecret>, SignInRefused> {
        let passwords = (given.clone(), Secret::new(new));
        let from = IpAddr::from([192, 0, 2, 1]);
        choose_password(&self.on, text, passwords, from, None, &self.limits).await.expect("answered")
    }

    /// Why it is not done.
    async fn why(&self, order: AccountOrder, by: &Identity, asked: &Identity) -> String {
        self.carried_out(order, by, asked).await.expect_err("refused").to_string()
    }
}

fn adding(text: &str, roles: &[Role]) -> AccountOrder {
    AccountOrder::Add {
        name: name(text),
        shown_as: "Somebody".into(),
        roles: Roles::of(roles.iter().copied()).expect("roles"),
        companies: Vec::new(),
    }
}

fn changing(text: &str, roles: &[Role], companies: &[&str]) -> AccountOrder {
    AccountOrder::Change {
        name: name(text),
        shown_as: "Somebody".into(),
        roles: Roles::of(roles.iter().copied()).expect("roles"),
        companies: companies.iter().map(|name| InstallationName((*name).into())).collect(),
    }
}

#[tokio::test]
async fn nobody_signs_in_with_a_one_time_password_but_chooses_their_own_by_it() {
    let deployment = Deployment::new().await;
    deployment.add("ann", &[Role::Officer], &[]).await;
    let signed_in = deployment.sign_in("ann", PASSWORD, 1).await.expect("signed in");
    let given = give_one_time_password(&deployment.on, &name("ann"), &by()).await.expect("given");
    assert!(deployment.known(&signed_in).await.is_none(), "what was there before has ended");
    assert_eq!(deployment.refused("ann", PASSWORD, 1).await, Some(SignInRefused::Wrong));
    assert_eq!(deployment.refused("ann", given.expose(), 1).await, Some(SignInRefused::OneTime));
    assert!(account_sessions(&deployment, "ann").await.is_empty());

    assert_eq!(deployment.chosen("ann", &Secret::new("not it at all"), OWN).await.err(), Some(SignInRefused::Wrong));
    let same = (given.clone(), given.clone());
    let from = IpAddr::from([192, 0, 2, 1]);
    let same = choose_password(&deployment.on, "ann", same, from, None, &deployment.limits).await;
    assert!(matches!(same, Err(OperationError::Input(InputError::Password(_)))), "whoever has given it knows it");
    let cookie = deployment.chosen(" Ann", &given, OWN).await.expect("chosen").expect("a session");
    let known = by_session(&deployment.on, cookie.expose()).await.expect("answered");
    assert_eq!(known.map(|known| known.account), Some(name("ann")));
    // It was good once, and a password of one's own is changed where one has signed in.
    assert_eq!(deployment.chosen("ann", &given, "yet another battery").await.err(), Some(SignInRefused::Wrong));
    let own = Secret::new(OWN);
    assert_eq!(deployment.chosen("ann", &own, "yet another battery").await.err(), Some(SignInRefused::Wrong));
    assert!(deployment.sign_in("ann", OWN, 1).await.is_ok());

    // Disabled and enabled again it is what it was: nothing to sign in with.
    let given = give_one_time_password(&deployment.on, &name("ann"), &by()).await.expect("given");
    disable(&deployment.on, &name("ann"), &by()).await.expect("disabled");
    assert_eq!(deployment.refused("ann", given.expose(), 1).await, Some(SignInRefused::Wrong));
    assert_eq!(deployment.chosen("ann", &given, OWN).await.err(), Some(SignInRefused::Wrong));
    enable(&deployment.on, &name("ann"), &by()).await.expect("enabled");
    assert_eq!(deployment.refused("ann", given.expose(), 1).await, Some(SignInRefused::OneTime));

    let account = show(&deployment.on, &name("ann")).await.expect("there").account;
    let changed = account.password_changed.expect("given");
    assert!(!is_over(&account, changed) && !is_over(&account, changed + ONE_TIME_MAX));
    assert!(is_over(&account, changed + ONE_TIME_MAX + Duration::from_secs(1)));
    assert!(is_over(&Account { password_changed: None, ..account }, changed), "of what is not known nothing is good");
}

async fn account_sessions(deployment: &Deployment, text: &str) -> Vec<LoginSession> {
    show(&deployment.on, &name(text)).await.expect("there").sessions
}

#[tokio::test]
async fn what_makes_an_officer_or_an_approver_takes_two_operators() {
    let deployment = Deployment::new().await;
    for operator in ["petr", "otto"] {
        deployment.add(operator, &[Role::Operator], &[]).await;
    }
    deployment.add("olga", &[Role::Officer], &["acme"]).await;
    deployment.add("ivan", &[Role::Operator], &[]).await;
    let petr = deployment.identity("petr", PASSWORD).await;
    let otto = deployment.identity("otto", PASSWORD).await;
    let token = |roles: &[Role]| AccountOrder::IssueToken {
        name: name("olga"),
        roles: Roles::of(roles.iter().copied()).expect("roles"),
        companies: Vec::new(),
        purpose: "a script".into(),
        days: 1,
    };
    for order in [
        adding("jana", &[Role::Officer, Role::Operator]),
        adding("jana", &[Role::Approver]),
        changing("ivan", &[Role::Operator, Role::Approver], &[]),
        // More companies are more to decide about.
        changing("olga", &[Role::Officer], &[]),
        AccountOrder::Password { name: name("olga") },
        token(&[Role::Officer]),
    ] {
        assert!(takes_two(&deployment.on, &order).await.expect("answered"), "{order:?}");
        assert!(deployment.why(order.clone(), &petr, &petr).await.contains("another operator"), "{order:?}");
    }
    for order in [
        adding("jana", &[Role::Operator]),
        changing("olga", &[Role::Operator], &["acme"]),
        changing("olga", &[Role::Officer], &["acme"]),
        AccountOrder::Password { name: name("ivan") },
        AccountOrder::Disable { name: name("olga") },
        AccountOrder::SignOut { name: name("olga") },
    ] {
        assert!(!takes_two(&deployment.on, &order).await.expect("answered"), "{order:?}");
    }
    let given = deployment.given(adding("jana", &[Role::Officer]), &otto, &petr).await;
    assert_eq!(deployment.refused("jana", given.expose(), 1).await, Some(SignInRefused::OneTime));
    assert!(matches!(deployment.carried_out(token(&[Role::Officer]), &otto, &petr).await, Ok(Given::Token(_))));
    // Who has been disabled since has asked for nothing.
    disable(&deployment.on, &name("petr"), &by()).await.expect("disabled");
    let why = deployment.why(AccountOrder::Password { name: name("olga") }, &otto, &petr).await;
    assert!(why.contains("no operator any more"), "{why}");
    let enabling = AccountOrder::Enable { name: name("olga") };
    disable(&deployment.on, &name("olga"), &by()).await.expect("disabled");
    assert!(takes_two(&deployment.on, &enabling).await.expect("answered"));
}

#[tokio::test]
async fn nobody_changes_their_own_account_nor_has_it_changed() {
    let deployment = Deployment::new().await;
    for operator in ["petr", "otto"] {
        deployment.add(operator, &[Role::Operator], &[]).await;
    }
    let petr = deployment.identity("petr", PASSWORD).await;
    let otto = deployment.identity("otto", PASSWORD).await;
    for order in [
        changing("petr", &[Role::Operator, Role::Officer], &[]),
        changing("petr", &[Role::Operator], &["acme"]),
        AccountOrder::Password { name: name("petr") },
        AccountOrder::Disable { name: name("petr") },
        AccountOrder::SignOut { name: name("petr") },
    ] {
        for by in [&petr, &otto] {
            let why = deployment.why(order.clone(), by, &petr).await;
            assert!(why.contains("nobody changes their own account"), "{why}");
        }
    }
    // So there is always one left who ordered it.
    deployment.carried_out(AccountOrder::Disable { name: name("otto") }, &petr, &petr).await.expect("disabled");
    assert!(is_signed_out(&deployment, "otto").await, "its sessions have ended");
    assert!(deployment.sign_in("petr", PASSWORD, 1).await.is_ok());
}

async fn is_signed_out(deployment: &Deployment, text: &str) -> bool {
    account_sessions(deployment, text).await.is_empty()
}

#[tokio::test]
async fn an_operator_is_not_two_people_by_accounts_that_they_have_given() {
    let deployment = Deployment::new().await;
    deployment.add("petr", &[Role::Operator], &[]).await;
    let petr = deployment.identity("petr", PASSWORD).await;
    // Two operators of his making, whose passwords he has had.
    let mut puppets = Vec::new();
    for text in ["first", "second"] {
        let given = deployment.given(adding(text, &[Role::Operator]), &petr, &petr).await;
        deployment.chosen(text, &given, OWN).await.expect("chosen");
        puppets.push(deployment.identity(text, OWN).await);
    }
    let officer = || adding("officer", &[Role::Officer]);
    for (by, asked) in [(&puppets[0], &petr), (&petr, &puppets[0]), (&puppets[0], &puppets[1])] {
        let why = deployment.why(officer(), by, asked).await;
        assert!(why.contains("somebody else has to approve it"), "{why}");
    }
    // Nor by one whom one of these has given it to.
    let given = deployment.given(adding("third", &[Role::Operator]), &puppets[0], &puppets[0]).await;
    deployment.chosen("third", &given, OWN).await.expect("chosen");
    let third = deployment.identity("third", OWN).await;
    for asked in [&petr, &puppets[1]] {
        assert!(!deployment.why(officer(), &third, asked).await.is_empty());
    }
    // Who runs commands could do anything anyway, and may have given both.
    deployment.add("otto", &[Role::Operator], &[]).await;
    let otto = deployment.identity("otto", PASSWORD).await;
    deployment.given(officer(), &otto, &petr).await;

    // The same of approvals: an officer and an approver who have it from one operator are one for them.
    deployment.given(adding("approver", &[Role::Approver]), &otto, &petr).await;
    let (officer, approver) = (Actor::user(&name("officer")), Actor::user(&name("approver")));
    assert!(deployment.why_not(&approver, &officer).await.contains("by another operator"));
    set_password(&deployment.on, &name("approver"), &Secret::new(PASSWORD), &by()).await.expect("set");
    assert_eq!(deployment.why_not(&approver, &officer).await, "");
}

/// An operator whom another one has added, signed in with a password that the other one chose.
async fn puppet(deployment: &Deployment, text: &str, of: &Identity) -> Identity {
    let given = deployment.given(adding(text, &[Role::Operator]), of, of).await;
    deployment.chosen(text, &given, OWN).await.expect("chosen");
    deployment.identity(text, OWN).await
}

/// The same of an account that is there.
async fn taken_over(deployment: &Deployment, text: &str, by: &Identity) -> Identity {
    let given = deployment.given(AccountOrder::Password { name: name(text) }, by, by).await;
    deployment.chosen(text, &given, OWN).await.expect("chosen");
    deployment.identity(text, OWN).await
}

#[tokio::test]
async fn an_operator_is_not_two_people_by_accounts_that_have_given_one_another_a_password() {
    let deployment = Deployment::new().await;
    for operator in ["otto", "petr", "rita"] {
        deployment.add(operator, &[Role::Operator], &[]).await;
    }
    let otto = deployment.identity("otto", PASSWORD).await;
    let officer = || adding("officer", &[Role::Officer]);

    // A ring of givers does not lose whoever has begun it.
    let first = puppet(&deployment, "first", &otto).await;
    let second = puppet(&deployment, "second", &first).await;
    let first = taken_over(&deployment, "first", &second).await;
    for (by, asked) in [(&second, &otto), (&first, &otto), (&otto, &second), (&otto, &first)] {
        let why = deployment.why(officer(), by, asked).await;
        assert!(why.contains("somebody else has to approve it"), "{why}");
    }
    assert!(deployment.on.ledger.account(&name("officer")).await.expect("read").is_none());

    // Nor does it lose him where whom he passed for has got a password from somebody else since.
    let petr = taken_over(&deployment, "petr", &otto).await;
    let third = puppet(&deployment, "third", &petr).await;
    set_password(&deployment.on, &name("petr"), &Secret::new(PASSWORD), &by()).await.expect("set");
    for (by, asked) in [(&third, &otto), (&otto, &third)] {
        let why = deployment.why(officer(), by, asked).await;
        assert!(why.contains("somebody else has to approve it"), "{why}");
    }

    // Whoever has none of it from him is another one, and he has not given it to whom he passes for no more.
    let rita = deployment.identity("rita", PASSWORD).await;
    let petr = deployment.identity("petr", PASSWORD).await;
    deployment.given(officer(), &rita, &petr).await;
}

#[tokio::test]
async fn whoever_holds_an_account_does_not_decide_by_what_it_is_given() {
    let deployment = Deployment::new().await;
    for operator in ["otto", "petr"] {
        deployment.add(operator, &[Role::Operator], &[]).await;
    }
    deployment.add("olga", &[Role::Officer], &["acme"]).await;
    let otto = deployment.identity("otto", PASSWORD).await;
    let petr = deployment.identity("petr", PASSWORD).await;

    // Signed in as her, with a password of his.
    puppet(&deployment, "jana", &otto).await;
    let kept = deployment.sign_in("jana", OWN, 1).await.expect("signed in");
    let more = changing("jana", &[Role::Officer, Role::Operator], &[]);
    assert!(renews_password(&deployment.on, &more).await.expect("answered"));
    let given = deployment.given(more, &petr, &otto).await;
    assert!(deployment.known(&kept).await.is_none(), "what he is signed in with is no officer's");
    assert_eq!(deployment.refused("jana", OWN, 1).await, Some(SignInRefused::Wrong));
    deployment.chosen("jana", &given, "yet another battery").await.expect("chosen");
    let jana = deployment.identity("jana", "yet another battery").await;
    assert!(jana.roles.iter().any(|role| role == Role::Officer));

    // More companies to decide about, and an account that is enabled, the same.
    let kept = deployment.sign_in("olga", PASSWORD, 1).await.expect("signed in");
    deployment.given(changing("olga", &[Role::Officer], &[]), &petr, &otto).await;
    assert!(deployment.known(&kept).await.is_none());
    disable(&deployment.on, &name("jana"), &by()).await.expect("disabled");
    let enabling = || AccountOrder::Enable { name: name("jana") };
    deployment.given(enabling(), &petr, &otto).await;
    assert_eq!(deployment.refused("jana", "yet another battery", 1).await, Some(SignInRefused::Wrong));
    // What changes nothing takes no password away.
    let changed =
        || async { deployment.on.ledger.account(&name("jana")).await.expect("read").expect("there").password };
    let before = changed().await;
    assert!(deployment.why(enabling(), &petr, &otto).await.contains("is not disabled"));
    assert!(changed().await == before);

    // Nor does what gives nobody more of it.
    let kept = deployment.sign_in("petr", PASSWORD, 1).await.expect("signed in");
    assert!(matches!(
        deployment.carried_out(changing("petr", &[Role::Operator], &["acme"]), &otto, &otto).await,
        Ok(Given::Nothing)
    ));
    assert!(deployment.known(&kept).await.is_some());
}

#[tokio::test]
async fn what_was_ordered_on_an_account_is_not_done_once_it_is_another() {
    let deployment = Deployment::new().await;
    for operator in ["otto", "petr", "ivan"] {
        deployment.add(operator, &[Role::Operator], &[]).await;
    }
    let otto = deployment.identity("otto", PASSWORD).await;
    let petr = deployment.identity("petr", PASSWORD).await;
    let order = || changing("ivan", &[Role::Officer, Role::Operator], &["acme"]);
    let was = ordered_on(&deployment.on, &order(), &otto.account).await.expect("answered");
    deployment.carried_out(changing("ivan", &[Role::Operator], &["globex"]), &otto, &otto).await.expect("changed");
    let done = carry_out(&deployment.on, order(), &was, &petr, &otto.account).await;
    assert!(matches!(&done, Err(error @ OperationError::Conflict(_)) if may_be_repeated(error)), "{done:?}");
    assert_eq!(show(&deployment.on, &name("ivan")).await.expect("there").account.roles.iter().count(), 1);
    // As it was again, it is what was ordered; without its state nothing is.
    deployment.carried_out(changing("ivan", &[Role::Operator], &[]), &otto, &otto).await.expect("changed");
    assert!(carry_out(&deployment.on, order(), "", &petr, &otto.account).await.is_err());
    let renamed = ordered_on(&deployment.on, &order(), &otto.account).await.expect("answered");
    assert_ne!(renamed, was, "also another name to show");
    assert!(carry_out(&deployment.on, order(), &renamed, &petr, &otto.account).await.is_ok());

    // He asks as another operator, who then gets a password from somebody else: that says nothing of who has asked.
    let puppet = taken_over(&deployment, "petr", &otto).await;
    let order = adding("jana", &[Role::Officer]);
    let was = ordered_on(&deployment.on, &order, &puppet.account).await.expect("answered");
    set_password(&deployment.on, &puppet.account, &Secret::new(PASSWORD), &by()).await.expect("set");
    let done = carry_out(&deployment.on, order, &was, &otto, &puppet.account).await;
    assert!(matches!(done, Err(OperationError::Conflict(_))), "{done:?}");
}
