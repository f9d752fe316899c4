//! A letter: what it says, and the two forms that say it. Both come from the same words, so that they never differ.

use askama::Template;

/// What a letter says. In HTML, everything is escaped where it is put in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EmailContent {
    /// What sort of letter it is.
    pub(crate) kind: &'static str,
    /// One line, of our own words alone.
    pub(crate) subject: String,
    /// Its first line.
    pub(crate) heading: String,
    /// Whom it addresses by name.
    pub(crate) name: Option<String>,
    /// What there is to say.
    pub(crate) paragraphs: Vec<String>,
    /// Details.
    pub(crate) facts: Vec<Fact>,
    /// What was bought.
    pub(crate) items: Vec<Item>,
    /// What that comes to.
    pub(crate) total: Option<String>,
    /// What to do about it.
    pub(crate) button: Option<Button>,
    /// Why the reader got it, or what to do if it is not for them.
    pub(crate) footnote: &'static str,
}

/// A detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: String,
}

/// Pieces of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) quantity: u32,
    pub(crate) price: String,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) label: &'static str,
    pub(crate) url: String,
}

#[derive(Template)]
#[template(path = "email.html")]
struct Html<'a> {
    letter: &'a EmailContent,
}

#[derive(Template)]
#[template(path = "email.txt")]
struct Text<'a> {
    letter: &'a EmailContent,
}

impl EmailContent {
    /// The letter in HTML and in text.
    ///
    /// # Errors
    /// Whatever a template fails with.
    pub(crate) fn render(&self) -> Result<(String, String), askama::Error> {
        Ok((Html { letter: self }.render()?, Text { letter: self }.render()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text_in_both_forms() {
        let title = "<img src=x onerror=alert(1)> & \"mugs\"";
        let item = Item { title: title.to_owned(), quantity: 2, price: "1.00 EUR".to_owned() };
        let letter = EmailContent {
            name: Some("<b>Ada</b>".to_owned()),
            facts: vec![Fact { label: "Carrier", value: "<script>".to_owned() }],
            items: vec![item],
            ..EmailContent::default()
        };
        let (html, text) = letter.render().unwrap();
        for markup in ["<img", "<b>Ada", "<script"] {
            assert!(!html.contains(markup), "{html}");
        }
        assert!(html.contains("&#60;img src=x"), "{html}");
        assert!(text.contains(title) && text.contains("<b>Ada</b>"), "{text}");
    }

    #[test]
    fn what_there_is_nothing_of_leaves_nothing_behind() {
        let (html, text) =
            EmailContent { heading: "Hello".to_owned(), ..EmailContent::default() }.render().unwrap();
        assert!(!html.contains("<table class") && !html.contains("<a "), "{html}");
        assert!(!text.contains("\n\n\n"), "{text:?}");
    }
}
