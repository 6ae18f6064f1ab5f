//! What a document holds that can be checked: its links, the anchors that others link to, and its shell blocks.

use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::anchor::Anchors;
use super::orders::Orders;

/// One document.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) links: Vec<Link>,
    pub(crate) anchors: Anchors,
    pub(crate) blocks: Vec<Block>,
    /// What can be told from this page alone.
    pub(crate) mistakes: Vec<Mistake>,
}

/// A link or an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) line: usize,
    pub(crate) target: String,
}

/// A fenced block that a reader would type into a shell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Of the opening fence.
    pub(crate) line: usize,
    pub(crate) kind: BlockKind,
    pub(crate) text: String,
    pub(crate) orders: Orders,
}

/// What a shell block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// `sh`, `bash`: commands.
    Script,
    /// `console`: commands behind `$ `, and what they print.
    Transcript,
}

/// Something that is wrong at a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Page {
    /// Reads a document, `CommonMark` with GitHub's additions.
    pub(crate) fn read(text: &str) -> Self {
        let mut undefined = Vec::new();
        let note = |link: BrokenLink<'_>| {
            // `[x]` alone may be prose; `[text][x]` can only be a link.
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                undefined.push((link.span.start, link.reference.to_string()));
            }
            None
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        let events: Vec<_> = Parser::new_with_broken_link_callback(text, options, Some(note))
            .into_offset_iter()
            .collect();
        let mut reader = Reader::new(text);
        for (start, reference) in undefined {
            reader.complain(start, format!("`[{reference}]` is defined nowhere on this page"));
        }
        for (event, range) in events {
            reader.take(event, range.start);
        }
        reader.finish()
    }
}

/// The page as far as it was read.
struct Reader<'a> {
    text: &'a str,
    page: Page,
    /// Where the orders begin that wait for their block.
    waiting: Option<(usize, Orders)>,
    /// A reason that holds for all blocks.
    page_not_run: Option<String>,
    heading: Option<String>,
    html: Option<(usize, String)>,
    block: Option<Block>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            page: Page::default(),
            waiting: None,
            page_not_run: None,
            heading: None,
            html: None,
            block: None,
        }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    fn complain(&mut self, offset: usize, message: String) {
        let line = self.line(offset);
        self.page.mistakes.push(Mistake { line, message });
    }

    fn take(&mut self, event: Event<'_>, start: usize) {
        match event {
            Event::Start(tag) => self.open(tag, start),
            Event::End(tag) => self.close(tag),
            Event::Text(words) | Event::Code(words) => self.text_of(&words),
            Event::Html(html) => match &mut self.html {
                Some((_, whole)) => whole.push_str(&html),
                None => self.html(start, &html),
            },
            Event::InlineHtml(html) => self.html(start, &html),
            _ => {}
        }
    }

    fn open(&mut self, tag: Tag<'_>, start: usize) {
        if !matches!(tag, Tag::CodeBlock(_) | Tag::HtmlBlock) {
            self.nothing_waits();
        }
        match tag {
            Tag::Heading { .. } => self.heading = Some(String::new()),
            Tag::HtmlBlock => self.html = Some((start, String::new())),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.link(start, &dest_url),
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => match kind_of(&info) {
                Some(kind) => {
                    let orders = self.waiting.take().map(|(_, orders)| orders).unwrap_or_default();
                    self.block = Some(Block {
                        line: self.line(start),
                        kind,
                        text: String::new(),
                        orders,
                    });
                }
                None => self.nothing_waits(),
            },
            Tag::CodeBlock(CodeBlockKind::Indented) => self.nothing_waits(),
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                if let Some(text) = self.heading.take() {
                    self.page.anchors.add_heading(&text);
                }
            }
            TagEnd::HtmlBlock => {
                if let Some((start, html)) = self.html.take() {
                    self.html(start, &html);
                }
            }
            TagEnd::CodeBlock => self.page.blocks.extend(self.block.take()),
            _ => {}
        }
    }

    fn text_of(&mut self, words: &str) {
        if let Some(block) = &mut self.block {
            block.text.push_str(words);
        }
        if let Some(heading) = &mut self.heading {
            heading.push_str(words);
        }
    }

    fn link(&mut self, start: usize, target: &str) {
        let line = self.line(start);
        self.page.links.push(Link {
            line,
            target: target.to_owned(),
        });
    }

    /// Comments with orders, attributes that link, and attributes that are linked to.
    fn html(&mut self, start: usize, html: &str) {
        for order in comments(html).filter_map(|comment| comment.strip_prefix("docs:")) {
            self.order(start, order.trim());
        }
        for name in ["href", "src"] {
            for target in attributes(html, name) {
                self.link(start, target);
            }
        }
        for name in ["id", "name"] {
            for id in attributes(html, name) {
                self.page.anchors.add_id(id);
            }
        }
    }

    fn order(&mut self, start: usize, order: &str) {
        let taken = match Orders::of_page(order) {
            Ok(Some(reason)) => {
                self.page_not_run = Some(reason);
                Ok(())
            }
            Ok(None) => {
                let (_, orders) = self.waiting.get_or_insert_with(|| (start, Orders::default()));
                orders.add(order)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            self.complain(start, error.to_string());
        }
    }

    fn nothing_waits(&mut self) {
        if let Some((start, _)) = self.waiting.take() {
            self.complain(
                start,
                "no shell block follows this order: put it on the line before one".to_owned(),
            );
        }
    }

    fn finish(mut self) -> Page {
        self.nothing_waits();
        if let Some(reason) = self.page_not_run {
            for block in &mut self.page.blocks {
                block.orders.not_run.get_or_insert_with(|| reason.clone());
            }
        }
        self.page
    }
}

fn kind_of(info: &str) -> Option<BlockKind> {
    match info.split_whitespace().next()? {
        "sh" | "bash" | "shell" => Some(BlockKind::Script),
        "console" => Some(BlockKind::Transcript),
        _ => None,
    }
}

/// What stands between `<!--` and `-->`, trimmed.
fn comments(html: &str) -> impl Iterator<Item = &str> {
    html.split("<!--")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("-->")?.0.trim()))
}

/// The values of an attribute, comments aside.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!(" {name}=\"");
    let values = html.match_indices(&opening).map(|(at, opening)| at + opening.len());
    let values: Vec<_> = values
        .filter_map(|start| Some(html.get(start..)?.split_once('"')?.0))
        .collect();
    let is_comment = html.trim_start().starts_with("<!--");
    values.into_iter().filter(move |_| !is_comment)
}

#[cfg(test)]
mod tests;
