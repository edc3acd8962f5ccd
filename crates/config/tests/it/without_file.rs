//! A gateway that nobody configured.

use config::{Resolved, without_file};
use domain::{Api, Dialect};
use vault::Environment;

use super::print;

#[test]
fn without_any_key_there_is_the_demo() {
    let compiled = without_file(&Environment::fixed([]), None).unwrap();
    let snapshot = compiled.snapshot;
    let Resolved::Endpoint(demo) = snapshot.resolve(domain::Scope::DEFAULT.project, "demo") else {
        panic!("no demo")
    };
    assert!(demo.targets[0].credential.simulator.is_some());
    for dialect in Dialect::ALL {
        assert_eq!(demo.targets[0].carriage(dialect, Api::Chat).unwrap().dialect, dialect);
    }
    assert!(demo.targets[0].carriage(Dialect::OpenaiChat, Api::Embeddings).is_some());
    assert_eq!(snapshot.server.listen.to_string(), "127.0.0.1:4242");
    assert!(snapshot.keys.is_empty());
    assert!(snapshot.prices.price("simulator", "demo").is_some(), "its calls cost a named nothing");
    assert_eq!(snapshot.visible_to(None).len(), 1);
}

#[test]
fn keys_of_the_environment_open_their_providers() {
    let environment = Environment::fixed([
        ("OPENAI_API_KEY", "sk-openai\n"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/"),
        ("ANTHROPIC_API_KEY", "sk-anthropic"),
        ("GROQ_API_KEY", ""),
    ]);
    let snapshot = without_file(&environment, None).unwrap().snapshot;
    let Resolved::Endpoint(openai) = snapshot.resolve(domain::Scope::DEFAULT.project, "openai/gpt-5") else {
        panic!("no openai")
    };
    let carriage = openai.targets[0].carriage(Dialect::OpenaiChat, Api::Chat).unwrap();
    assert_eq!((&*carriage.host, carriage.port, carriage.tls), ("127.0.0.1", 9, false));
    assert_eq!(*carriage.path(Api::Chat).unwrap(), "/v1/chat/completions");
    assert_eq!(carriage.auth.as_ref().unwrap().1, "Bearer sk-openai");
    assert!(openai.targets[0].credential.allow_private);
    let Resolved::Endpoint(anthropic) =
        snapshot.resolve(domain::Scope::DEFAULT.project, "anthropic/claude-sonnet-4-5")
    else {
        panic!("no anthropic")
    };
    assert!(!anthropic.targets[0].credential.allow_private);
    assert!(matches!(snapshot.resolve(domain::Scope::DEFAULT.project, "groq/llama"), Resolved::Unknown));
}

#[test]
fn what_is_wrong_in_the_environment_is_named_without_its_value() {
    let environment = Environment::fixed([
        ("OPENAI_API_KEY", "sk-canary\u{7}"),
        ("ANTHROPIC_API_KEY", "sk-canary"),
        ("ANTHROPIC_BASE_URL", "canary.example.com"),
        ("GATEWRIGHT_ADMIN_TOKEN", "canary"),
        ("HTTPS_PROXY", "socks5://canary"),
    ]);
    let diagnostics = without_file(&environment, Some("0.0.0.0:4242".parse().unwrap())).unwrap_err();
    insta::assert_snapshot!(print(&diagnostics));
    assert!(!print(&diagnostics).contains("canary"));
}

#[test]
fn variables_say_what_no_file_says() {
    let environment = Environment::fixed([
        ("GATEWRIGHT_LISTEN", "0.0.0.0:8080"),
        ("GATEWRIGHT_ANONYMOUS", "never"),
        ("GATEWRIGHT_INSECURE_HTTP", "true"),
        ("GATEWRIGHT_LAME_DUCK", "5s"),
    ]);
    let server = without_file(&environment, None).unwrap().snapshot.server;
    assert_eq!(server.listen.to_string(), "0.0.0.0:8080");
    assert_eq!((server.anonymous, server.caps.lame_duck.as_secs()), (config::snapshot::Anonymous::Never, 5));
    let server = without_file(&environment, Some("127.0.0.1:1".parse().unwrap())).unwrap().snapshot.server;
    assert_eq!(server.listen.to_string(), "127.0.0.1:1", "the command line decides");

    let file =
        "server: { listen: 127.0.0.1:2, anonymous: always, insecure_http: false, caps: { lame_duck: 0s } }";
    let server = config::compile(&config::Source::new("f", file), &environment, &super::hasher());
    let server = server.unwrap().snapshot.server;
    assert_eq!((server.listen.port(), server.caps.lame_duck.as_secs()), (2, 0), "then the file");
    assert_eq!(server.anonymous, config::snapshot::Anonymous::Always);
}

#[test]
fn an_open_door_by_variables_obeys_the_same_rules() {
    let found = |variables: &[(&str, &str)]| {
        let environment = Environment::fixed(variables.iter().copied());
        print(&without_file(&environment, None).err().unwrap_or_default())
    };
    let open = ("GATEWRIGHT_LISTEN", "0.0.0.0:8080");
    let alone = found(&[open]);
    assert!(alone.contains("nothing says who may call it") && alone.contains("unencrypted"), "{alone}");
    let unencrypted = found(&[open, ("GATEWRIGHT_ANONYMOUS", "never")]);
    assert!(!unencrypted.contains("who may call") && unencrypted.contains("unencrypted"), "{unencrypted}");
    let (never, url) = (("GATEWRIGHT_ANONYMOUS", "never"), "GATEWRIGHT_PUBLIC_URL");
    assert_eq!(found(&[open, never, (url, "https://ai.example.com")]), "");
    assert!(found(&[open, never, (url, "http://ai.example.com")]).contains("unencrypted"));
    assert!(found(&[open, never, ("GATEWRIGHT_INSECURE_HTTP", "off")]).contains("unencrypted"));
    for wrong in [
        ("GATEWRIGHT_LISTEN", "canary"),
        ("GATEWRIGHT_ANONYMOUS", "canary"),
        (url, "https://canary:x@y"),
        ("GATEWRIGHT_INSECURE_HTTP", "canary"),
        ("GATEWRIGHT_LAME_DUCK", "canary"),
    ] {
        let found = found(&[wrong]);
        assert!(found.contains(wrong.0) && !found.contains("canary"), "{found}");
    }
}
