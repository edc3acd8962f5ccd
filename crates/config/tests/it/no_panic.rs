//! Whatever stands in a file, the answer is a snapshot or diagnostics.

use proptest::prelude::*;

use super::{compile, files};

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = compile(&text);
    }

    /// Text of the characters that YAML gives a meaning.
    #[test]
    fn any_yaml_like_text_is_answered(text in "[-a-c \\n:\\[\\]{},&*!<>|'\"#%@`?$]{0,120}") {
        let _ = compile(&text);
    }

    /// A real file with a piece replaced: most of it still has a meaning.
    #[test]
    fn a_damaged_file_is_answered(
        which in 0_usize..40,
        at in 0.0_f64..1.0,
        length in 0_usize..30,
        piece in "[-a-z0-9 \\n:\\[\\]{},&*$\"~.]{0,12}",
    ) {
        let all: Vec<_> = files("good").into_iter().chain(files("bad")).collect();
        let (_, text) = &all[which % all.len()];
        let characters: Vec<char> = text.chars().collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a position in a short text")]
        let from = (at * characters.len() as f64) as usize;
        let to = (from + length).min(characters.len());
        let damaged: String =
            characters[..from].iter().copied().chain(piece.chars()).chain(characters[to..].iter().copied()).collect();
        let _ = compile(&damaged);
    }

    /// Any value in any field.
    #[test]
    fn any_value_in_any_field_is_answered(value in "[-0-9a-z.:/%+eE_\"'\\[\\]]{0,24}") {
        let text = format!(
            "server: {{ listen: {value}, executors: {value}, public_url: {value}, caps: {{ body: {value}, drain: {value} }} }}\n\
             credentials: [{{ name: {value}, provider: openai, api_key: {value}, base_url: {value} }}]\n\
             endpoints: [{{ name: a, targets: [{value}], retry: {{ attempts: {value}, on: [{value}] }} }}]\n\
             keys: [{{ name: b, secret: {value}, expires: {value} }}]\n\
             prices: [{{ provider: {value}, model: {value}, input: {value}, output: {value} }}]\n"
        );
        let _ = compile(&text);
    }
}
