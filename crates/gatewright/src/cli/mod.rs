//! The command line: one file per family of commands. What a command takes stands here; what it does is in
//! `commands`. No argument ever is a secret: the arguments of a process can be read by every user of its machine.

mod configuration;
mod credentials;
mod endpoints;
mod groups;
mod healthcheck;
mod keys;
mod objects;
mod operations;
mod prices;
mod serve;
mod traces;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use configuration::{Apply, Diff, Export, Reload};
pub(crate) use credentials::CredentialFields;
pub(crate) use endpoints::{EndpointFields, TargetArgument, TargetFields, TargetPlace};
pub(crate) use groups::{ProjectFields, TeamFields};
pub(crate) use healthcheck::Healthcheck;
pub(crate) use keys::{KeyFields, Keys, Revoke};
pub(crate) use objects::{
    Create, Delete, InProject, List, Nowhere, ObjectFields, Objects, Place, Set, ShowObject,
};
pub(crate) use operations::{Audit, AuditList, Backup, Doctor, Login, Restore, Vault, VaultAction};
pub(crate) use prices::PriceFields;
pub(crate) use serve::{Check, Schema, Serve};
pub(crate) use traces::{Show, Tail, Traces, Usage};

/// One gateway between applications or agents and every model provider they call.
#[derive(Debug, Parser)]
#[command(name = "gatewright", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Example:\n  gatewright serve\n  curl http://127.0.0.1:4242/v1/chat/completions \\\n    \
    -H 'content-type: application/json' \\\n    \
    -d '{\"model\": \"demo\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}'"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the gateway
    #[command(after_help = "Example:\n  gatewright serve --config gatewright.yaml --listen 127.0.0.1:8080")]
    Serve(Serve),
    /// Look whether all is well: a running gateway, or its data directory and its file
    #[command(after_help = "Example:\n  gatewright doctor\n  gatewright doctor --config gatewright.yaml")]
    Doctor(Doctor),
    /// Ask a gateway whether it is ready: exit code 0, or 1 and why not; for containers, which have no other program
    #[command(after_help = "Example:\n  gatewright healthcheck --url http://127.0.0.1:4242")]
    Healthcheck(Healthcheck),
    /// Print a link that logs a browser in, once
    #[command(after_help = "Example:\n  gatewright login")]
    Login(Login),

    /// Ways into providers: their keys are stored encrypted
    #[command(subcommand, alias = "credentials", after_help = example("credential", "list"))]
    Credential(Objects<CredentialFields>),
    /// The names that applications put into `model`
    #[command(subcommand, alias = "endpoints", after_help = example("endpoint", "list"))]
    Endpoint(Objects<EndpointFields>),
    /// Models behind credentials, under a name that several endpoints share
    #[command(subcommand, alias = "targets", after_help = example("target", "list"))]
    Target(Objects<TargetFields>),
    /// What applications authenticate with
    #[command(subcommand, alias = "keys", after_help = example("key", "list"))]
    Key(Keys),
    /// Projects: what calls, keys and usage belong to
    #[command(subcommand, alias = "projects", after_help = example("project", "list"))]
    Project(Objects<ProjectFields>),
    /// Teams: groups of projects
    #[command(subcommand, alias = "teams", after_help = example("team", "list"))]
    Team(Objects<TeamFields>),
    /// What models cost, where the built-in prices do not say it or are not yours
    #[command(subcommand, alias = "prices", after_help = example("price", "list"))]
    Price(Objects<PriceFields>),

    /// Look at traces of a running gateway
    #[command(subcommand, after_help = "Example:\n  gatewright traces tail")]
    Traces(Traces),
    /// Sum up tokens and cost
    #[command(after_help = "Example:\n  gatewright usage --by key --since 7d")]
    Usage(Usage),

    /// Check a configuration file: all problems at once, with their places
    #[command(after_help = "Example:\n  gatewright check --config gatewright.yaml")]
    Check(Check),

    /// Have the running gateway read its file again
    #[command(after_help = "Example:\n  gatewright reload")]
    Reload(Reload),
    /// Print what is stored as a file that `apply` takes
    #[command(after_help = "Example:\n  gatewright export -o stored.yaml")]
    Export(Export),
    /// Say what `apply` would change
    #[command(after_help = "Example:\n  gatewright diff -f stored.yaml")]
    Diff(Diff),
    /// Make what is stored look like a file
    #[command(after_help = "Example:\n  gatewright apply -f stored.yaml --dry-run\n  \
        OPENAI_API_KEY=… gatewright apply -f stored.yaml")]
    Apply(Apply),

    /// Copy everything that is kept into one file, while the gateway serves or not
    #[command(after_help = "Example:\n  gatewright backup --to gatewright-2027-01-31.tar")]
    Backup(Backup),
    /// Unpack a backup into an empty data directory
    #[command(
        after_help = "Example:\n  gatewright restore gatewright-2027-01-31.tar --data-dir /var/lib/gatewright"
    )]
    Restore(Restore),

    /// The keys that secrets are encrypted with
    #[command(subcommand, after_help = "Example:\n  gatewright vault status")]
    Vault(Vault),
    /// Who changed what
    #[command(subcommand, after_help = "Example:\n  gatewright audit list")]
    Audit(Audit),

    /// Print the JSON Schema of the configuration file, for editors
    #[command(after_help = "Example:\n  gatewright schema > gatewright.schema.json\n  \
        # then, as the first line of gatewright.yaml:\n  \
        # yaml-language-server: $schema=gatewright.schema.json")]
    Schema(Schema),
    /// Print the OpenAPI document of the admin API
    #[command(after_help = "Example:\n  gatewright openapi > openapi.json")]
    Openapi,
    /// Print the reference of the command line, or of the metrics, as Markdown
    #[command(hide = true, after_help = "Example:\n  gatewright reference")]
    Reference {
        /// That of the metrics
        #[arg(long)]
        metrics: bool,
    },
}

/// How to reach a running gateway.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to reach the gateway")]
pub(crate) struct Gateway {
    /// Where the gateway listens
    #[arg(
        long,
        value_name = "URL",
        env = "GATEWRIGHT_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:4242"
    )]
    pub(crate) url: String,
    /// A file that holds the admin token [default: $GATEWRIGHT_ADMIN_TOKEN, else the file `admin-token` in the data
    /// directory]
    #[arg(long, value_name = "FILE", env = "GATEWRIGHT_ADMIN_TOKEN_FILE", hide_env_values = true)]
    pub(crate) token_file: Option<PathBuf>,
    /// The gateway's data directory, where its admin token is
    #[arg(long, value_name = "DIR", env = "GATEWRIGHT_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Certificates (PEM) to trust besides those of the system, for a gateway with a certificate of your own
    #[arg(long, value_name = "FILE", env = "GATEWRIGHT_CA_FILE", hide_env_values = true)]
    pub(crate) ca_file: Option<PathBuf>,
}

/// An example that fits on a terminal: long ones go on in the next line, as a shell takes it.
fn example(command: &str, rest: &str) -> String {
    const WIDTH: usize = 76;
    let mut text = "Example:\n".to_owned();
    let mut line = format!("  gatewright {command}");
    for flag in rest
        .split(" --")
        .enumerate()
        .map(|(at, flag)| if at == 0 { flag.to_owned() } else { format!("--{flag}") })
    {
        if flag.is_empty() {
            continue;
        }
        if line.len() + 1 + flag.len() > WIDTH {
            text.push_str(&format!("{line} \\\n"));
            line = format!("    {flag}");
        } else {
            line = format!("{line} {flag}");
        }
    }
    text + &line
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_that_begins_with_itself() {
        fn visit(path: &str, command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Example:\n  "), "`{path}` has no example");
            let shown = help.lines().skip(1).any(|line| line.contains(path));
            assert!(shown, "the example of `{path}` shows something else:\n{help}");
            for below in command.get_subcommands() {
                visit(&format!("{path} {}", below.get_name()), below);
            }
        }
        visit("gatewright", &Arguments::command());
    }

    #[test]
    fn no_argument_is_a_secret() {
        fn visit(path: &str, command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let sounds_secret = ["token", "secret", "api_key", "password"].contains(&name);
                assert!(!sounds_secret, "`{path} --{name}` would show in the list of processes");
            }
            for below in command.get_subcommands() {
                visit(&format!("{path} {}", below.get_name()), below);
            }
        }
        visit("gatewright", &Arguments::command());
    }
}
