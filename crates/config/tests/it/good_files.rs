//! Files that are right, and what becomes of them.

use std::time::Duration;

use config::Source;
use config::snapshot::{Anonymous, Simulator};
use domain::{Api, CaptureMode, Dialect, Scope};

use super::{compile, environment, files, hasher, print, snapshot};

fn good(name: &str) -> config::Snapshot {
    let (_, text) = files("good").into_iter().find(|(file, _)| file == name).unwrap();
    snapshot(&text)
}

#[test]
fn every_good_file_compiles_without_a_word() {
    for (name, text) in files("good") {
        match compile(&text) {
            Ok(compiled) => assert_eq!(print(&compiled.warnings), "", "{name}"),
            Err(diagnostics) => panic!("{name}:\n{}", print(&diagnostics)),
        }
    }
}

#[test]
fn the_smallest_configuration_has_the_documented_defaults() {
    let snapshot = good("smallest");
    assert_eq!(snapshot.server.listen.to_string(), "127.0.0.1:4242");
    assert_eq!(snapshot.server.anonymous, Anonymous::LoopbackUntilFirstKey);
    assert_eq!(snapshot.server.executors, 1, "the cores of the environment");
    assert_eq!(snapshot.server.caps.body_bytes, 32 << 20);
    assert_eq!(snapshot.server.caps.drain, Duration::from_secs(300));
    assert_eq!(snapshot.server.caps.lame_duck, Duration::ZERO);
    assert!(snapshot.server.tls.is_none() && snapshot.server.trusted_proxies.is_empty());
    let endpoint = &snapshot.endpoints["chat"];
    assert_eq!((endpoint.max_attempts, endpoint.retry.attempts), (4, 2));
    assert_eq!(endpoint.retry, governance::retry::Retry::default());
    assert_eq!(endpoint.fallback_on, governance::retry::Fallback::default());
    assert_eq!(endpoint.timeouts.total, Duration::from_secs(600));
    assert_eq!(endpoint.capture, CaptureMode::Full);
    assert_eq!(endpoint.declared_at.as_deref(), Some("gatewright.yaml:4"));
    let target = &endpoint.targets[0];
    assert_eq!((&*target.label, &*target.model), ("openai/gpt-5", "gpt-5"));
    assert!(!snapshot.credentials.contains_key("simulator"), "it exists only where declared");
}

#[test]
fn every_field_arrives() {
    let snapshot = good("everything");
    let server = &snapshot.server;
    assert_eq!(server.listen.to_string(), "0.0.0.0:8080");
    assert_eq!((server.executors, server.anonymous), (2, Anonymous::Never));
    assert_eq!(server.public_url.as_deref(), Some("https://ai.example.com"));
    assert_eq!(server.admin_token.as_ref().unwrap().expose(), "canary-admin-token-1");
    assert_eq!((server.caps.body_bytes, server.caps.concurrency), (16 << 20, 500));
    assert_eq!(snapshot.egress.proxy.as_deref(), Some("http://user:canary-proxy@proxy:3128/"));
    assert_eq!(snapshot.egress.no_proxy, [".internal", "10.0.0.0/8"]);
    assert_eq!(server.tls.as_ref().unwrap().key.to_str(), Some("/etc/gw/key.pem"));
    let trusted: Vec<_> = server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(trusted, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(server.caps.lame_duck, Duration::from_secs(3));
    assert_eq!(snapshot.egress.client, server.tls);
    assert_eq!(snapshot.storage.data_dir.as_deref().unwrap().to_str(), Some("/var/lib/gatewright"));

    let endpoint = &snapshot.endpoints["prod-chat"];
    assert!(std::sync::Arc::ptr_eq(endpoint, &snapshot.endpoints["gpt-4o"]));
    assert_eq!(endpoint.targets.len(), 2);
    assert_eq!(
        endpoint.fallbacks.iter().map(|target| &*target.label).collect::<Vec<_>>(),
        ["openai-compatible/qwen3-32b", "simulator/demo"]
    );
    let first = (0..1_000).filter(|draw| endpoint.shares.draw(*draw) == 0).count();
    assert_eq!(first, 900);
    assert!(endpoint.fallback_on.timeout && !endpoint.fallback_on.rate_limit);
    assert!(endpoint.retry.on.rate_limited && endpoint.retry.on.connect && !endpoint.retry.on.server_error);
    assert_eq!(endpoint.retry.max, Duration::from_secs(2));
    assert_eq!((endpoint.max_attempts, endpoint.max_output_tokens, endpoint.strict), (6, Some(8192), true));
    assert_eq!(endpoint.timeouts.idle, Duration::from_secs(45));
    assert_eq!(snapshot.endpoints["deep"].timeouts.total, Duration::from_secs(3600));
    assert_eq!(snapshot.endpoints["deep"].timeouts.idle, Duration::from_secs(45));

    let simulated = snapshot.credentials["sim"].simulator.unwrap();
    assert_eq!(
        simulated,
        Simulator {
            first_token: Duration::from_millis(300),
            between: Duration::from_millis(20),
            fail_every: Some(10),
            fail_status: 503,
        }
    );
}

/// Where a chat of a credential goes, where its embeddings go, and which header authenticates.
fn carried(snapshot: &config::Snapshot, credential: &str, dialect: Dialect) -> [String; 3] {
    let carriages = &snapshot.credentials[credential].carriages;
    let carriage = carriages.iter().find(|carriage| carriage.dialect == dialect).unwrap();
    let scheme = if carriage.tls { "https" } else { "http" };
    let authority = carriage.authority.to_str().unwrap();
    let url = |api: Api| carriage.path(api).map(|path| format!("{scheme}://{authority}{path}"));
    assert!(carriage.auth.as_ref().is_none_or(|(_, value)| value.is_sensitive()));
    let auth = carriage.auth.as_ref().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    [url(Api::Chat), url(Api::Embeddings), auth].map(Option::unwrap_or_default)
}

#[test]
fn carriages_follow_the_vendors_base_urls() {
    let snapshot = good("everything");
    let (openai, anthropic) = (Dialect::OpenaiChat, Dialect::AnthropicMessages);
    let check = |credential: &str, dialect: Dialect, expected: [&str; 3]| {
        assert_eq!(carried(&snapshot, credential, dialect), expected);
    };
    let (chat, embeddings) =
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/embeddings");
    check("openai-main", openai, [chat, embeddings, "authorization: Bearer sk-canary-openai"]);
    let messages = "https://api.anthropic.com/v1/messages";
    check("anthropic-a", anthropic, [messages, "", "x-api-key: canary-from-a-file"]);
    let (chat, embeddings) =
        ("http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1/embeddings");
    check("vllm", openai, [chat, embeddings, ""]);
    let chat = "http://llm.internal/v1/chat/completions";
    check("house", openai, [chat, "", "authorization: Bearer sk-canary-literal"]);
    let (bearer, host) = ("authorization: Bearer sk-canary-openai", "https://api.deepseek.com");
    check("deepseek", openai, [&format!("{host}/chat/completions"), "", bearer]);
    check("deepseek", anthropic, [&format!("{host}/anthropic/v1/messages"), "", bearer]);
    assert_eq!(snapshot.endpoints["deep"].targets[0].dialects, [anthropic]);
}

#[test]
fn private_addresses_are_for_those_who_wrote_them() {
    let snapshot = good("everything");
    let private = |name: &str| snapshot.credentials[name].allow_private;
    assert!(private("vllm") && private("house"));
    assert!(!private("openai-main") && !private("deepseek"));
}

#[test]
fn the_data_directory_is_known_before_anything_else() {
    let data_dir = |text: &str| config::data_dir(&Source::new("f", text), &environment());
    let broken = "storage: { data_dir: \"/var/lib/${FOUR}\", redis_url: x }\nendpoints: 5\n";
    assert_eq!(data_dir(broken), Some("/var/lib/4".into()));
    assert_eq!(data_dir("storage:"), None);
    assert_eq!(data_dir("{"), None);
}

#[test]
fn keys_are_found_by_what_is_presented() {
    let snapshot = good("everything");
    let key = snapshot.keys.get(&hasher().hash(b"canary-key-of-the-ci-job")).unwrap();
    assert_eq!(&*key.name, "ci");
    let names: Vec<_> = key.endpoints.as_ref().unwrap().iter().map(|name| &**name).collect();
    assert_eq!(names, ["prod-chat", "openai/gpt-5", "anthropic/*"], "an alias stands for the endpoint");
    assert_eq!(key.expires_at_ms, Some(1_798_761_600_000));
    assert_eq!(key.scope, snapshot.projects["web"]);
    assert_ne!(key.scope.project, Scope::DEFAULT.project);
    assert_eq!(key.scope.team, Scope::DEFAULT.team);
    assert!(snapshot.keys.get(&hasher().hash(b"canary-key-of-the-ci-jo")).is_none());
    let visible: Vec<_> = snapshot.visible_to(Some(&key)).iter().map(|endpoint| &*endpoint.name).collect();
    assert_eq!(visible, ["prod-chat"]);
    let visible: Vec<_> = snapshot.visible_to(None).iter().map(|endpoint| &*endpoint.name).collect();
    assert_eq!(visible, ["deep", "house", "prod-chat"]);
}

#[test]
fn prices_of_the_file_come_first_and_are_exact() {
    let snapshot = good("everything");
    let price = snapshot.prices.price("house-llm", "large").unwrap();
    assert_eq!(price.rates.input.to_string(), "0.1");
    assert_eq!(price.rates.cache_read.unwrap().to_string(), "0.025");
    let price = snapshot.prices.price("openai", "gpt-5").unwrap();
    assert_eq!(
        (&*price.id, price.long_context.as_ref().unwrap().above),
        ("configured:openai/gpt-5", 272_000)
    );
    assert!(snapshot.prices.price("simulator", "demo").is_some());
}

#[test]
fn ids_depend_on_names_and_on_nothing_else() {
    let first = snapshot(
        "credentials: [{ name: a, provider: simulator }]\nendpoints: [{ name: x, targets: [simulator/m] }]",
    );
    let second = snapshot(
        "# moved\nendpoints:\n  - { name: y, targets: [simulator/n] }\n  - { name: x, strict: on, targets: [simulator/m] }\n\
         credentials: [{ name: a, provider: simulator, latency: { between: 1s } }]",
    );
    let ids = |snapshot: &config::Snapshot| {
        let endpoint = &snapshot.endpoints["x"];
        (endpoint.id, endpoint.targets[0].id, snapshot.credentials["a"].id)
    };
    assert_eq!(ids(&first), ids(&second));
    assert_ne!(second.endpoints["x"].id, second.endpoints["y"].id);
    assert_ne!(second.endpoints["x"].targets[0].id, second.endpoints["y"].targets[0].id);
}

#[test]
fn the_command_line_decides_the_address_and_obeys_the_same_rules() {
    let listen = |address: &str, text: &str| {
        let source = Source::new("gatewright.yaml", text).listen(Some(address.parse().unwrap()));
        config::compile(&source, &environment(), &hasher()).map(|compiled| compiled.snapshot.server.listen)
    };
    assert_eq!(listen("127.0.0.1:1", "server: { listen: 127.0.0.1:2 }").unwrap().port(), 1);
    let open = "server: { anonymous: never, insecure_http: true }";
    assert_eq!(listen("0.0.0.0:1", open).unwrap().port(), 1);
    let refused = listen("0.0.0.0:1", "").unwrap_err();
    assert_eq!(refused.len(), 2, "{}", print(&refused));
    // An IPv4 address in the clothes of an IPv6 one.
    assert!(listen("[::ffff:127.0.0.1]:1", "").is_ok());
    assert!(listen("[::ffff:10.0.0.1]:1", "").is_err());
}

#[test]
fn proxies_of_the_environment_count_where_the_file_is_silent() {
    let environment =
        vault::Environment::fixed([("HTTPS_PROXY", "proxy:3128"), ("no_proxy", "localhost, .internal,")]);
    let egress = |text: &str| {
        config::compile(&Source::new("f", text), &environment, &hasher()).unwrap().snapshot.egress
    };
    assert_eq!(egress("").proxy.as_deref(), Some("http://proxy:3128/"));
    assert_eq!(egress("").no_proxy, ["localhost", ".internal"]);
    assert_eq!(egress("egress: { proxy: off, no_proxy: [] }").proxy, None);
    assert!(egress("egress: { no_proxy: [] }").no_proxy.is_empty());
}

#[test]
fn the_admin_token_may_come_from_the_variable_alone() {
    let environment = vault::Environment::fixed([("GATEWRIGHT_ADMIN_TOKEN", "token-of-the-variable")]);
    let server = |text: &str| {
        config::compile(&Source::new("f", text), &environment, &hasher()).unwrap().snapshot.server
    };
    assert_eq!(server("").admin_token.unwrap().expose(), "token-of-the-variable");
    let written = server("server: { admin_token: token-of-the-file }");
    assert_eq!(written.admin_token.unwrap().expose(), "token-of-the-file");
}
