//! What `model` means.

use config::Resolved;

use super::snapshot;

const FILE: &str = "
credentials:
  - { name: openai-main, provider: openai, api_key: \"${OPENAI_API_KEY}\" }
  - { name: router, provider: openrouter, api_key: \"${OPENAI_API_KEY}\" }
  - { name: anthropic-a, provider: anthropic, api_key: \"${ANTHROPIC_API_KEY}\" }
  - { name: anthropic-b, provider: anthropic, api_key: \"${ANTHROPIC_API_KEY}\" }
endpoints:
  - { name: chat, aliases: [gpt], targets: [openai/gpt-5] }
";

#[test]
fn a_model_is_an_endpoint_or_a_provider_and_model() {
    let snapshot = snapshot(FILE);
    let check = |model: &str, expected: Option<(&str, &str)>| match (
        snapshot.resolve(domain::Scope::DEFAULT.project, model),
        expected,
    ) {
        (Resolved::Endpoint(endpoint), Some((name, upstream))) => {
            assert_eq!((&*endpoint.name, &*endpoint.targets[0].model), (name, upstream), "{model}");
        }
        (Resolved::Unknown, None) => {}
        (resolved, expected) => panic!("{model}: {resolved:?} instead of {expected:?}"),
    };
    check("chat", Some(("chat", "gpt-5")));
    check("gpt", Some(("chat", "gpt-5")));
    check("openai/gpt-5", Some(("openai/gpt-5", "gpt-5")));
    check("openrouter/anthropic/claude", Some(("openrouter/anthropic/claude", "anthropic/claude")));
    // Two credentials: neither is meant.
    check("anthropic/claude", None);
    check("openai-main/gpt-5", None);
    check("groq/llama", None);
    check("Chat", None);
    check("", None);
    check("openai/", None);
    check("/gpt-5", None);
    check("openai/\u{0}", None);
    check(&format!("openai/{}", "x".repeat(257)), None);
    assert_eq!(
        snapshot
            .direct_providers(domain::Scope::DEFAULT.project)
            .iter()
            .map(|name| &***name)
            .collect::<Vec<_>>(),
        ["openai", "openrouter"]
    );
}

#[test]
fn a_direct_model_keeps_its_ids_and_has_default_settings() {
    let snapshot = snapshot(FILE);
    let resolve = |model: &str| match snapshot.resolve(domain::Scope::DEFAULT.project, model) {
        Resolved::Endpoint(endpoint) => endpoint,
        Resolved::Unknown => panic!("{model} is unknown"),
    };
    let (one, two) = (resolve("openai/gpt-5"), resolve("openai/gpt-5"));
    assert_eq!((one.id, one.targets[0].id), (two.id, two.targets[0].id));
    assert_ne!(one.id, resolve("openai/gpt-5-mini").id);
    assert_eq!(one.targets[0].id, resolve("chat").targets[0].id, "the same model behind the same credential");
    assert_eq!(one.timeouts, resolve("chat").timeouts);
    assert_eq!(one.declared_at, None);
    assert_eq!(one.shares.draw(7), 0);
}
