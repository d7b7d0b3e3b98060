//! What is wrong with alerts is told by `check`, with its key, and a start refuses it.

use super::Company;

fn wrong(alert: &str) -> String {
    let company = Company::new("");
    company.deployment.write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    company.add(alert);
    let checked = company.deployment.run(&["check"]);
    let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
    assert!(!checked.status.success(), "{alert} is right: {said}");
    let served = company.deployment.run(&["serve"]);
    assert_eq!(served.status.code(), Some(3), "{alert} is served");
    said
}

#[test]
fn each_wrong_setting_is_told_with_its_key() {
    let email = "email = { server = \"mail.example.com\", from = \"q@example.com\", to = [\"ops@example.com\"]";
    let webhook = "secret = { file = \"hook.secret\" }";
    for (alert, words) in [
        ("name = \"ops\"".to_owned(), "alert.1: somebody is told by an `email`, by a `webhook` or by a `command`"),
        ("name = \"o p\"\ncommand = [\"true\"]".to_owned(), "alert.1.name: `o p`"),
        ("name = \"ops\"\ncommand = []".to_owned(), "alert.1.command: it names no program"),
        ("name = \"ops\"\ncommand = [\"true\"]\nfrom = \"bad\"".to_owned(), "alert.1.from"),
        ("name = \"ops\"\ncommand = [\"true\"]\ndigest = \"7 o'clock\"".to_owned(), "alert.1.digest: `7 o'clock`"),
        (
            "name = \"ops\"\ncommand = [\"true\"]\ndigest = \"07:00\"\ntime_zone = \"Prague\"".to_owned(),
            "alert.1.time_zone: `Prague`",
        ),
        (
            format!("name = \"ops\"\n{email}, tls = \"none\" }}"),
            "email.tls: mail and password would be sent unencrypted",
        ),
        (format!("name = \"ops\"\n{email}, user = \"q\" }}"), "alert.1.email: a `user` needs a `password`"),
        (
            "name = \"ops\"\nemail = { server = \"m\", from = \"q@example.com\", to = [] }".to_owned(),
            "alert.1.email.to: nobody would get it",
        ),
        (
            "name = \"ops\"\nemail = { server = \"m\", from = \"nobody\", to = [\"o@example.com\"] }".to_owned(),
            "email.from: is not an address",
        ),
        (
            format!("name = \"ops\"\nwebhook = {{ url = \"http://hooks.example.com/x\", {webhook} }}"),
            "webhook.url: it would be told unencrypted",
        ),
        (format!("name = \"ops\"\nwebhook = {{ url = \"hooks\", {webhook} }}"), "webhook.url: not a URL"),
        (
            "name = \"ops\"\nwebhook = { url = \"https://h.example.com\", secret = { file = \"none\" } }".to_owned(),
            "webhook.secret: the secret in file",
        ),
        (
            "name = \"ops\"\ncommand = [\"true\"]\n[[alert]]\nname = \"ops\"\ncommand = [\"true\"]".to_owned(),
            "alert.2.name: `ops` is taken",
        ),
    ] {
        let said = wrong(&format!("[[alert]]\n{alert}\n"));
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = wrong("[watch]\nping = { url = \"http://ping.example.com/secret\" }\n");
    assert!(said.contains("watch.ping.url: it would be told unencrypted") && !said.contains("/secret"), "{said}");
}

#[test]
fn a_check_for_another_machine_needs_no_secret_of_it() {
    let company = Company::new("");
    company.add(
        "[[alert]]\nname = \"ops\"\nwebhook = { url = { file = \"none.url\" }, secret = { env = \"NONE\" }, ca_file = \"none.pem\" }\n\
         [[alert]]\nname = \"dpo\"\nemail = { server = \"m\", user = \"q\", password = { file = \"none\" }, from = \"q@example.com\", to = [\"o@example.com\"] }\n\
         [watch]\nping = { url = { env = \"NONE\" } }\n",
    );
    let checked = company.deployment.run(&["check", "--offline"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert!(!company.deployment.run(&["check"]).status.success());
}
