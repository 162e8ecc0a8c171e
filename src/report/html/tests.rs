//! Properties of every page, whatever the report.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::pages::pages;
use super::sample::{ReportSize, SMALL, sample};
use super::search_index::search_index;
use crate::report::model::{Evidence, Report};

fn rendered(report: &Report, evidence: &Evidence) -> BTreeMap<String, String> {
    let pages = pages(report, evidence).unwrap();
    pages.into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

fn small(mark: &str) -> BTreeMap<String, String> {
    let (report, evidence) = sample(SMALL, mark);
    rendered(&report, &evidence)
}

/// The values of an attribute as a browser reads them, in order.
fn values(page: &str, attribute: &str) -> Vec<String> {
    let start = format!(" {attribute}=\"");
    let written = page.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap());
    written.map(|value| value.replace("&#x27;", "'").replace("&#x2f;", "/")).collect()
}

/// What begins the element with the search index.
const SEARCH_INDEX: &str = "script type=\"application/json\" id=\"search-index\"";

/// The text of the only element that begins so, if there is one.
fn inside<'a>(page: &'a str, element: &str) -> Option<&'a str> {
    let open = format!("<{element}>");
    assert!(page.matches(&open).count() <= 1, "one {open}");
    page.split_once(&open)?.1.split("</").next()
}

#[test]
fn there_is_a_page_for_each_job() {
    let paths: Vec<String> = small("").into_keys().collect();
    assert_eq!(paths, ["index.html", "jobs/job-00000000.html", "jobs/job-00000001.html", "jobs/job-00000002.html"]);
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_alone() {
    for page in small("").into_values() {
        let hash = |text| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let index = inside(&page, SEARCH_INDEX).map_or_else(String::new, |index| format!(" {}", hash(index)));
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}{index}; img-src data:; base-uri 'none'; form-action 'none'",
            hash(inside(&page, "style").unwrap()),
            hash(inside(&page, "script").unwrap())
        );
        assert_eq!(values(&page, "content")[0], policy);
        assert!(values(&page, "style").is_empty(), "the policy would refuse it");
        assert!(values(&page, "src").is_empty());
    }
}

#[test]
fn every_link_lands_and_none_leaves_the_report() {
    let pages = small("");
    let ids: BTreeMap<&str, BTreeSet<String>> = pages
        .iter()
        .map(|(path, page)| {
            let all = values(page, "id");
            let unique: BTreeSet<String> = all.iter().cloned().collect();
            assert_eq!(unique.len(), all.len(), "an id occurs twice in {path}");
            (path.as_str(), unique)
        })
        .collect();
    let mut to_quotes = 0;
    for (path, page) in &pages {
        for link in values(page, "href").into_iter().filter(|link| link != "data:,") {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.as_str(),
                "../index.html" => "index.html",
                file => file,
            };
            let there = ids.get(target).unwrap_or_else(|| panic!("{path} links to {link}"));
            assert!(anchor.is_empty() || there.contains(anchor), "{path} links to {link}");
            to_quotes += usize::from(anchor.starts_with("quote-"));
        }
    }
    assert!(to_quotes > 10, "figures lead to quotes");
}

#[test]
fn text_from_outside_is_never_markup() {
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}\u{202e}\0";
    let plain = small("");
    for (path, page) in small(hostile) {
        let elements = |page: &str, name: &str| page.matches(&format!("<{name}")).count();
        for name in ["script", "img", "a ", "td", "bdi"] {
            assert_eq!(elements(&page, name), elements(&plain[&path], name), "{name} in {path}");
        }
        assert!(!page.contains("onerror=alert(1)>"), "{path}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"), "{path}");
        assert!(page.contains("{{ 7 * 7 }}[U+202E]\u{2400}"), "hidden characters are seen in {path}");
        assert!(!page.contains(['\0', '\u{202e}']), "{path}");
    }
}

#[test]
fn departments_are_chosen_by_their_names_to_the_letter() {
    let (mut report, evidence) = sample(SMALL, "");
    report.jobs[0].department = Some(" People &  Culture ".to_owned());
    let index = &rendered(&report, &evidence)["index.html"];
    // Without a value attribute, a browser collapses the white space of an option's text, which would then match no
    // cell.
    assert!(index.contains("<option value=\" People &amp;  Culture \">"));
    assert!(index.contains("<bdi> People &amp;  Culture </bdi>"));
}

#[test]
fn what_is_compared_with_is_said_as_it_is() {
    let (mut report, evidence) = sample(SMALL, "");
    let period = |report: &Report| {
        let index = &rendered(report, &evidence)["index.html"];
        index.split("<dt>Period</dt>").nth(1).unwrap().split("</dd>").next().unwrap().to_owned()
    };
    assert!(period(&report).contains("just before"));
    let previous = report.previous_period.as_mut().unwrap();
    previous.until = previous.until.saturating_sub(jiff::Span::new().days(7));
    assert!(period(&report).contains("that this one is compared with") && !period(&report).contains("just before"));
    report.previous_period = None;
    assert!(!period(&report).contains("Before"));
}

#[test]
fn an_empty_report_says_so() {
    let pages = rendered(&Report::default(), &Evidence::default());
    assert_eq!(pages.len(), 1);
    assert!(pages["index.html"].contains("No interview was completed or expired in this period."));
}

#[test]
fn a_job_of_few_has_a_page_of_its_counts() {
    let page = &small("")["jobs/job-00000002.html"];
    assert!(page.contains("what was said is counted with other jobs, so that nobody can be picked out"));
    assert!(page.contains("Interviews by week") && !page.contains("id=\"questions\""));
}

#[test]
fn without_quotes_no_figure_leads_to_one() {
    let (report, _) = sample(SMALL, "");
    let evidence = Evidence { missing: Some("they are turned off".to_owned()), ..Evidence::default() };
    let page = &rendered(&report, &evidence)["jobs/job-00000000.html"];
    assert!(page.contains("No quotes: they are turned off."));
    assert!(!values(page, "href").iter().any(|link| link.starts_with("#term-") || link.starts_with("#quote-")));
}

#[test]
fn a_row_that_is_a_paragraph_says_what_each_figure_is() {
    let headings = |table: &str| -> Vec<String> {
        let row = table.split_once("</thead>").unwrap().0;
        row.split("<th ").skip(1).map(|cell| plain_text(&cell[cell.find('>').unwrap() + 1..])).collect()
    };
    let mut cells = 0;
    for (path, page) in small("") {
        let tables = page.split("<table").skip(1).map(|rest| rest.split("</table>").next().unwrap());
        for table in tables.filter(|table| table.split('>').next().unwrap().contains(" rows\"")) {
            let headings = headings(table);
            for row in table.split_once("<tbody>").unwrap().1.split("<tr").skip(1) {
                let labels = values(row, "data-label");
                let named: Vec<&String> = headings.iter().filter(|heading| labels.contains(heading)).collect();
                assert_eq!(labels.iter().collect::<Vec<_>>(), named, "in {path}");
                assert_eq!(labels.len() + 1, headings.len(), "in {path}: {row}");
                cells += labels.len();
            }
        }
    }
    assert!(cells > 100);
}

/// The text before the next closing tag of a heading.
fn plain_text(markup: &str) -> String {
    markup.split("</th>").next().unwrap().replace("&nbsp;", " ")
}

#[test]
fn what_the_index_finds_is_on_the_pages() {
    let pages = small("<b>&");
    let index = inside(&pages["index.html"], SEARCH_INDEX).unwrap();
    assert!(!index.contains(['<', '>']), "it could end its element");
    let index: Value = serde_json::from_str(index).unwrap();
    let jobs = ["jobs/job-00000000.html", "jobs/job-00000001.html"];
    for (kind, prefix) in [("questions", ""), ("keywords", "row-")] {
        let entries = index[kind].as_array().unwrap();
        assert!(entries.len() >= 4, "{kind}");
        for entry in entries {
            let [text, .., anchor, shown, more] = entry.as_array().unwrap().as_slice() else { panic!("{entry}") };
            assert_eq!((shown, more), (&serde_json::json!([0, 1]), &serde_json::json!(0)));
            let text = text.as_str().unwrap().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let text = text.replace('/', "&#x2f;");
            for page in jobs.map(|job| &pages[job]) {
                let row = page.split_once(&format!("<tr id=\"{prefix}{}\">", anchor.as_str().unwrap())).unwrap().1;
                assert!(row.split("</tr>").next().unwrap().contains(&text), "{text}");
            }
        }
    }
    assert!(!index.to_string().contains("belongs to the server"), "quotes are on the pages of jobs alone");
}

#[test]
fn an_index_of_many_texts_keeps_those_of_most_interviews() {
    let size = ReportSize { jobs: 200, questions: 24, terms: 60, weeks: 2, quotes: 0 };
    let (mut report, _) = sample(size, "");
    for (at, job) in report.jobs.iter_mut().enumerate() {
        for (number, question) in job.questions.iter_mut().enumerate() {
            question.anchor = format!("question-{at:05}{number:05}");
            question.question_text =
                Some(format!("What would job {at} ask as its question {number}? {}", "So? ".repeat(20)));
        }
    }
    let index = search_index(&report);
    assert!((140_000..150_000).contains(&index.len()), "{} bytes", index.len());
    let index: Value = serde_json::from_str(&index).unwrap();
    assert_eq!(index["keywords"].as_array().unwrap().len(), 26);
    let questions = index["questions"].as_array().unwrap();
    assert!(questions.iter().all(|one| !one[0].as_str().unwrap().contains("question 19?")), "few were asked these");
}

#[test]
fn figures_and_quotes_of_a_keyword_lead_to_one_another() {
    let page = &small("")["jobs/job-00000000.html"];
    let row = page.split_once("<tr id=\"row-").unwrap().1;
    let (digits, row) = row.split_once('"').unwrap();
    assert!(row.split("</tr>").next().unwrap().contains(&format!("<a href=\"#term-{digits}\">")));
    let quotes = page.split_once(&format!("<section class=\"keyword\" id=\"term-{digits}\">")).unwrap().1;
    assert!(quotes.split("<figure").next().unwrap().contains(&format!("<a href=\"#row-{digits}\">figures</a>")));
}

#[test]
fn pages_stay_light() {
    // The size of a job's page does not depend on the number of other jobs, and the index shows no more terms than
    // these.
    let index = ReportSize { jobs: 200, questions: 0, terms: 60, weeks: 26, quotes: 1 };
    let job = ReportSize { jobs: 1, questions: 30, terms: 200, weeks: 26, quotes: 3 };
    for (size, path, most) in [(index, "index.html", 700_000), (job, "jobs/job-00000000.html", 200_000)] {
        let (report, evidence) = sample(size, "");
        let bytes = rendered(&report, &evidence)[path].len();
        assert!(bytes > most / 10, "{path} has only {bytes} bytes: is everything on it?");
        assert!(bytes < most, "{path} has {bytes} bytes");
    }
}
