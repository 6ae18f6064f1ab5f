use super::*;

fn targets(text: &str) -> Vec<(usize, String)> {
    let links = Page::read(text).links;
    links.into_iter().map(|link| (link.line, link.target)).collect()
}

fn mistakes(text: &str) -> Vec<(usize, String)> {
    let mistakes = Page::read(text).mistakes;
    mistakes.into_iter().map(|found| (found.line, found.message)).collect()
}

fn only_block(text: &str) -> Block {
    let page = Page::read(text);
    assert_eq!(page.mistakes, []);
    let [block] = <[Block; 1]>::try_from(page.blocks).unwrap();
    block
}

#[test]
fn links_are_found_in_every_form() {
    let text = "[a](b.md)\n\n![picture](c.png \"title\") and [two][2]\n\n<a href=\"d.md\">d</a> <img src=\"e.png\">\n\n\
                | [in a table](f.md) |\n|---|\n\n[2]: g.md#there\n";
    let expected = [
        (1, "b.md"),
        (3, "c.png"),
        (3, "g.md#there"),
        (5, "d.md"),
        (5, "e.png"),
        (7, "f.md"),
    ];
    assert_eq!(targets(text), expected.map(|(line, target)| (line, target.to_owned())));
}

#[test]
fn code_and_comments_hold_no_links() {
    assert_eq!(
        targets("`[a](b.md)`\n\n```md\n[a](b.md)\n```\n\n<!-- see <a href=\"c.md\"> -->\n"),
        []
    );
}

#[test]
fn a_reference_that_is_defined_nowhere_is_told() {
    let told = "`[there]` is defined nowhere on this page".to_owned();
    assert_eq!(mistakes("one\n\n[two][there]\n"), [(3, told)]);
    assert_eq!(mistakes("a list `[x]` and [brackets] in prose\n"), []);
}

#[test]
fn headings_and_ids_are_anchors() {
    let page = Page::read(
        "# The *first* `one`\n\nUnderlined\n----------\n\n<a id=\"here\"></a>\n\n```sh\n# no heading\n```\n",
    );
    assert_eq!(
        page.anchors.names().collect::<Vec<_>>(),
        ["here", "the-first-one", "underlined"]
    );
}

#[test]
fn shell_blocks_are_found_by_their_language() {
    let page =
        Page::read("```sh\na\n```\n\n```console\n$ b\n```\n\n```toml\nc = 1\n```\n\n    indented\n\n```\nplain\n```\n");
    let found: Vec<_> = page
        .blocks
        .iter()
        .map(|block| (block.line, block.kind, block.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [(1, BlockKind::Script, "a\n"), (5, BlockKind::Transcript, "$ b\n")]
    );
}

#[test]
fn a_block_in_a_list_loses_its_indent() {
    assert_eq!(
        only_block("1. first\n\n   ```sh\n   a \\\n     b\n   ```\n").text,
        "a \\\n  b\n"
    );
}

#[test]
fn orders_go_with_the_block_that_follows() {
    let block = only_block("Words.\n\n<!-- docs: exit 3 -->\n<!-- docs: demo -->\n```console\n$ a\n```\n");
    assert_eq!((block.orders.exit, block.orders.demo), (3, true));
    let page = Page::read("<!-- docs: exit 3 -->\n```sh\na\n```\n\n```sh\nb\n```\n");
    assert_eq!(
        page.blocks.iter().map(|block| block.orders.exit).collect::<Vec<_>>(),
        [3, 0]
    );
}

#[test]
fn an_order_without_a_block_is_told() {
    let told = "no shell block follows this order: put it on the line before one".to_owned();
    assert_eq!(
        mistakes("<!-- docs: demo -->\n\nWords.\n\n```sh\na\n```\n"),
        [(1, told.clone())]
    );
    assert_eq!(
        mistakes("Words.\n\n<!-- docs: demo -->\n```toml\na = 1\n```\n"),
        [(3, told.clone())]
    );
    assert_eq!(mistakes("<!-- docs: demo -->\n"), [(1, told)]);
}

#[test]
fn an_order_that_there_is_not_is_told_with_its_line() {
    let [(line, message)] = <[_; 1]>::try_from(mistakes("a\n\n<!-- docs: dmeo -->\n```sh\na\n```\n")).unwrap();
    assert_eq!(line, 3);
    assert!(message.starts_with("`dmeo` is no order"), "{message}");
}

#[test]
fn other_comments_are_nobodys_business() {
    assert_eq!(mistakes("<!-- markdownlint-disable -->\n\nWords.\n"), []);
}

#[test]
fn a_reason_of_the_page_holds_for_blocks_without_their_own() {
    let page = Page::read(
        "<!-- docs: page not run: needs a cluster -->\n\n```sh\na\n```\n\n<!-- docs: not run: slow -->\n```sh\nb\n```\n",
    );
    assert_eq!(page.mistakes, []);
    let reasons: Vec<_> = page
        .blocks
        .iter()
        .map(|block| block.orders.not_run.as_deref())
        .collect();
    assert_eq!(reasons, [Some("needs a cluster"), Some("slow")]);
}
