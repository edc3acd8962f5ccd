//! What all kinds of configured objects have in common: `list`, `show`, `create`, `set` and `delete`. What a kind has
//! of its own are its [`ObjectFields`].

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::ObjectKind;
use serde_json::{Map, Value};

use super::Gateway;
use crate::commands::Inputs;

/// The project of an object, for kinds that have one.
pub(crate) trait Place: Args + fmt::Debug {
    fn project(&self) -> Option<&str>;
}

#[derive(Debug, Args)]
pub(crate) struct InProject {
    /// The project that it belongs to
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
}

impl Place for InProject {
    fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }
}

/// For what belongs to no project.
#[derive(Debug, Args)]
pub(crate) struct Nowhere {}

impl Place for Nowhere {
    fn project(&self) -> Option<&str> {
        None
    }
}

/// The flags of one kind of object, and how they become its document.
pub(crate) trait ObjectFields: Args {
    const KIND: ObjectKind;
    type Place: Place;
    /// What an example calls one of them.
    const EXAMPLE_NAME: &'static str;
    /// The flags of an example of `create`.
    const EXAMPLE_CREATE: &'static str;
    /// The flags of an example of `set`.
    const EXAMPLE_SET: &'static str;

    /// The fields that were written, in the form of `gatewright.yaml`; `for_new` says that there is no such object yet,
    /// so that what is missing may be asked for.
    async fn document(
        &self,
        name: &str,
        for_new: bool,
        inputs: &mut Inputs<'_>,
    ) -> Result<Map<String, Value>>;
}

#[derive(Debug, Subcommand)]
pub(crate) enum Objects<F: ObjectFields> {
    #[command(about = about::<F>("List"), after_help = example::<F>("list", "", ""))]
    List(List<F>),
    #[command(about = format!("Show a {} with all its fields", F::KIND), after_help = example::<F>("show", F::EXAMPLE_NAME, ""))]
    Show(ShowObject<F>),
    #[command(
        about = format!("Create a {}", F::KIND),
        after_help = example::<F>("create", F::EXAMPLE_NAME, F::EXAMPLE_CREATE)
    )]
    Create(Create<F>),
    #[command(
        about = format!("Change fields of a {}, or create it", F::KIND),
        after_help = example::<F>("set", F::EXAMPLE_NAME, F::EXAMPLE_SET)
    )]
    Set(Set<F>),
    #[command(about = about::<F>("Delete"), after_help = example::<F>("delete", F::EXAMPLE_NAME, ""))]
    Delete(Delete<F>),
}

#[derive(Debug, Args)]
pub(crate) struct List<F: ObjectFields> {
    /// Only those whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) place: F::Place,
    /// At most this many
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u32>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct ShowObject<F: ObjectFields> {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: F::Place,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Create<F: ObjectFields> {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) fields: F,
    /// Begin with the fields in this file (YAML or JSON; `-` is standard input); flags come before it
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: F::Place,
    /// Print the secret or the id alone
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Set<F: ObjectFields> {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) fields: F,
    /// Replace it by what is in this file (YAML or JSON; `-` is standard input); stored secrets stay, flags come before
    /// the file
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Take a field back to its default
    #[arg(long, value_name = "FIELD", conflicts_with = "file")]
    pub(crate) unset: Vec<String>,
    #[command(flatten)]
    pub(crate) place: F::Place,
    /// Only if nobody has changed it since this revision
    #[arg(long, value_name = "NUMBER")]
    pub(crate) if_revision: Option<i64>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Delete<F: ObjectFields> {
    /// Names or ids
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: F::Place,
    /// Only if nobody has changed it since this revision
    #[arg(long, value_name = "NUMBER")]
    pub(crate) if_revision: Option<i64>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

fn about<F: ObjectFields>(verb: &str) -> String {
    format!("{verb} {}", F::KIND.plural())
}

fn example<F: ObjectFields>(verb: &str, name: &str, flags: &str) -> String {
    super::example(&format!("{} {verb}", F::KIND), format!("{name} {flags}").trim_end())
}
