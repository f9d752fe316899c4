//! Content of an e-mail and its rendering as HTML and as text, both from the same content.

use askama::Template;

use crate::locale::Locale;

/// Content of an e-mail. The HTML template escapes all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EmailContent {
    /// Language of the texts.
    pub(crate) locale: Locale,
    /// Kind of e-mail; sent as a tag.
    pub(crate) kind: &'static str,
    /// Subject line; contains no user input.
    pub(crate) subject: String,
    pub(crate) heading: String,
    /// Name in the greeting.
    pub(crate) name: Option<String>,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    /// Order lines.
    pub(crate) items: Vec<Item>,
    /// Taxes that the items contain.
    pub(crate) taxes: Vec<String>,
    /// Total of the items.
    pub(crate) total: Option<String>,
    pub(crate) button: Option<Button>,
    /// Explains why the recipient received the e-mail, or what to do if it was not meant for them.
    pub(crate) footnote: &'static str,
    /// URL of the page where the recipient turns off such e-mails; `None` if they are always sent, or the URL
    /// of the API is not configured.
    pub(crate) unsubscribe_url: Option<String>,
}

/// Labelled detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    /// True if a user chose the value.
    pub(crate) is_user_input: bool,
}

impl Fact {
    /// Fact whose value the system determines.
    pub(crate) const fn new(label: &'static str, value: String) -> Self {
        Self { label, value, is_user_input: false }
    }

    /// Fact whose value a user chose.
    pub(crate) const fn of_user(label: &'static str, value: String) -> Self {
        Self { label, value, is_user_input: true }
    }
}

/// Order line: units of one product, or the shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) title: String,
    /// Number of units; `None` for the shipping.
    pub(crate) quantity: Option<u32>,
    pub(crate) price: String,
}

/// Link shown as a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) label: &'static str,
    pub(crate) url: String,
}

#[derive(Template)]
#[template(path = "email.html")]
struct Html<'a> {
    email: &'a EmailContent,
    language: &'static str,
}

#[derive(Template)]
#[template(path = "email.txt")]
struct Text<'a> {
    email: &'a EmailContent,
}

impl EmailContent {
    /// Removes all user input. The owner of an address that is not verified may not be the user of the
    /// account, so e-mails to it must not contain any.
    pub(crate) fn without_user_input(self) -> Self {
        let facts = self.facts.into_iter().filter(|fact| !fact.is_user_input).collect();
        Self { name: None, facts, items: Vec::new(), taxes: Vec::new(), ..self }
    }

    /// Renders the e-mail as HTML and as text.
    ///
    /// # Errors
    /// [`askama::Error`] if a template fails.
    pub(crate) fn render(&self) -> Result<(String, String), askama::Error> {
        let html = Html { email: self, language: self.locale.language_tag() };
        Ok((html.render()?, Text { email: self }.render()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_input_is_escaped_in_html_and_verbatim_in_text() {
        let title = "<img src=x onerror=alert(1)> & \"mugs\"";
        let item = Item { title: title.to_owned(), quantity: Some(2), price: "1.00 EUR".to_owned() };
        let content = EmailContent {
            name: Some("<b>Ada</b>".to_owned()),
            facts: vec![Fact::of_user("Reason", "<script>".to_owned())],
            items: vec![item],
            ..EmailContent::default()
        };
        let (html, text) = content.render().unwrap();
        for markup in ["<img", "<b>Ada", "<script"] {
            assert!(!html.contains(markup), "{html}");
        }
        assert!(html.contains("&#60;img src=x"), "{html}");
        assert!(text.contains(title) && text.contains("<b>Ada</b>"), "{text}");
    }

    #[test]
    fn empty_fields_render_nothing() {
        let (html, text) =
            EmailContent { heading: "Hello".to_owned(), ..EmailContent::default() }.render().unwrap();
        assert!(!html.contains("<table class") && !html.contains("<a "), "{html}");
        assert!(!text.contains("\n\n\n"), "{text:?}");
    }
}
