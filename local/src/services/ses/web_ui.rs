//! Web pages of the mail catcher. They load no external resources.

use std::fmt::Write as _;

use super::Email;

/// Maximum number of e-mails in the list, to keep the page fast.
const MAX_ROWS: usize = 200;

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content='width=device-width'><title>Mail catcher</title><style>\
    body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#23201b}\
    h1{font-size:1.5rem}a{color:#0f5c4d}table{border-collapse:collapse;width:100%}\
    th,td{text-align:left;padding:.5rem .8rem;border-bottom:1px solid #e4e0d6;vertical-align:top}\
    th{font-size:13px;color:#77705f;font-weight:600}tr:hover td{background:#f8f6f1}\
    td.t{white-space:nowrap;color:#77705f;font-variant-numeric:tabular-nums}dl{display:grid;\
    grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#77705f}dd{margin:0;word-break:break-all}\
    iframe{width:100%;height:44rem;border:1px solid #e4e0d6;border-radius:8px}\
    pre{background:#f8f6f1;padding:1rem;border-radius:8px;white-space:pre-wrap;word-break:break-word}</style>";

/// Page with the list of e-mails, newest first.
pub(super) fn list(emails: &[Email]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("<h1>Mail catcher</h1>");
    if emails.is_empty() {
        page.push_str("<p>No e-mails yet.");
        return page;
    }
    page.push_str(
        "<p>Stored e-mails, newest first. They are not delivered.<table><tr><th>Sent<th>To<th>Subject<th>",
    );
    for email in emails.iter().rev().take(MAX_ROWS) {
        let (id, sent, to) = (&email.id, email.sent_at.strftime("%F %T"), escaped(&email.to.join(", ")));
        let subject = escaped(&email.subject);
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<tr><td class=t>{sent}<td>{to}<td><a href='/emails/{id}'>{subject}</a>\
             <td><a href='/emails/{id}/message.eml' download='{id}.eml'>.eml</a>"
        );
    }
    page.push_str("</table>");
    page
}

/// Page of one e-mail with its headers, HTML and text.
pub(super) fn one(email: &Email) -> String {
    let mut page = HEAD.to_owned();
    let (id, subject) = (&email.id, escaped(&email.subject));
    let _ = write!(page, "<p><a href='/'>Mail catcher</a><h1>{subject}</h1><dl>");
    let sent = email.sent_at.strftime("%F %T UTC").to_string();
    let to = email.to.join(", ");
    let standard_headers = [("From", &email.from), ("To", &to), ("Sent", &sent)];
    let standard_headers = standard_headers.into_iter().map(|(name, value)| (name.to_owned(), value));
    let custom_headers = email.headers.iter().map(|(name, value)| (name.clone(), value));
    let tags = email.tags.iter().map(|(name, value)| (format!("Tag {name}"), value));
    for (name, value) in standard_headers.chain(custom_headers).chain(tags) {
        let _ = write!(page, "<dt>{}<dd>{}", escaped(&name), escaped(value));
    }
    let _ = write!(
        page,
        "</dl><p><a href='/emails/{id}/message.eml' download='{id}.eml'>Open in a mail program (.eml)</a>\
         <iframe src='/emails/{id}/html' title='HTML body'></iframe><h2>Text</h2><pre>{}</pre>",
        escaped(&email.text)
    );
    page
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::super::email::tests::email;
    use super::*;

    #[test]
    fn pages_escape_the_contents_of_emails() {
        let mut sent = email("<script>alert(1)</script>");
        sent.text = "<b>x</b>".to_owned();
        for page in [list(std::slice::from_ref(&sent)), one(&sent)] {
            assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
        }
        assert!(one(&sent).contains("&lt;b&gt;x&lt;/b&gt;"));
    }
}
