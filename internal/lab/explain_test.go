package lab_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/finding"
	"latchkey/internal/locale"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// contextOf is what an item says must be known, for the provider.
func contextOf(t *testing.T, r corpus.Reply, known map[string]string) provider.Context {
	t.Helper()
	c := provider.Context{
		Method: setup.Method(known["method"]), Protocol: setup.Protocol(known["protocol"]), Grant: known["grant"],
		Mailbox: known["mailbox"], SignInUser: known["sign_in_account"], SignedInAs: known["signed_in_as"], SASLUser: known["sasl_user"], From: known["from"],
		RedirectURI: known["redirect_uri"], Tenant: known["tenant"], ClientID: known["client_id"], Scope: known["scope"], Audience: known["audience"],
		Scopes: strings.Fields(known["scopes"]), Roles: strings.Fields(known["roles"]),
		OtherMailboxWorks: known["other_mailbox_works"] != "", TokenFine: known["token_fine"] != "", IMAPWorks: known["imap_works"] != "",
		MailboxOpened: known["mailbox_opened"] != "",
	}
	if r.Where == corpus.AdminConsent {
		c.Phase = provider.PhaseConsent
	}
	if age := known["grant_age"]; age != "" {
		var err error
		if c.GrantAge, err = time.ParseDuration(age); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// visible is what a person copies from a page: its words without markup.
func visible(page string) string {
	page = regexp.MustCompile(`(?s)<(script|style|title)[^>]*>.*?</(script|style|title)>`).ReplaceAllString(page, "")
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " "))
}

// explained are the causes the provider finds for a reply that our client met;
// a page is explained twice, as it is seen and as its source.
func explained(t *testing.T, r corpus.Reply, known map[string]string, page string, met error) []finding.Finding {
	t.Helper()
	errs := []error{met}
	if r.Where == corpus.AuthorizePage {
		errs = nil
		for _, text := range []string{visible(page), page} {
			parts, err := paste.TakeApart(text)
			if err != nil {
				t.Fatal(err)
			}
			if len(parts.Sightings) == 0 {
				errs = append(errs, nil)
				continue
			}
			errs = append(errs, parts.Sightings[0].Err)
		}
	}
	var list []finding.Finding
	for _, err := range errs {
		if err == nil {
			list = append(list, unrecognised)
			continue
		}
		f, ok := provider.Entra.ExplainError(err, contextOf(t, r, known))
		if !ok {
			t.Fatalf("not an answer of a server: %v", err)
		}
		list = append(list, f)
	}
	return list
}

// unrecognised stands for a paste in which nothing was found.
var unrecognised = finding.Finding{Causes: []finding.Cause{{Definition: &finding.Definition{Code: "nothing recognised in the paste"}}}}

// pending are items that are not explained as listed, each with its reason. An
// entry that is not needed any more fails.
var pending = map[string]string{}

// unrecorded are findings that a rule leads to although nobody has recorded
// such an answer. An entry that is not needed any more fails.
var unrecorded = map[string]string{
	"token_nearly_over": "501 5.5.127 is in no source that was read",
}

// Every recorded answer, in every form, is explained by the finding that the
// item names first; and every finding that is not marked as ours has a
// recorded answer that leads to it.
func TestRecordedAnswersAreExplained(t *testing.T) {
	o := newOurs(t)
	reached := map[string]bool{}
	for _, item := range recordings(t).Items {
		if item.Code == "" {
			continue
		}
		t.Run(item.ID, func(t *testing.T) {
			o.t = t
			wrong := map[string]bool{}
			for _, r := range item.Replies() {
				for _, grant := range grants(r) {
					page, met := o.meet(r, grant)
					for _, f := range explained(t, r, item.Context, page, met) {
						for _, c := range f.Causes {
							reached[c.Code] = true
						}
						if f.Code() != item.Code {
							wrong[strings.TrimSpace(r.Name()+" "+grant)+": "+f.Code()] = true
						}
					}
				}
			}
			why, expected := pending[item.ID]
			switch {
			case expected && len(wrong) == 0:
				t.Errorf("is explained as listed: take it out of pending (%s)", why)
			case !expected && len(wrong) > 0:
				t.Errorf("listed %s\nmet    %s", item.Code, strings.Join(slices.Sorted(keys(wrong)), "\n       "))
			}
		})
	}
	for id := range pending {
		if _, ok := recordings(t).Find(id); !ok {
			t.Errorf("pending names %s, which does not exist", id)
		}
	}
	known := map[string]bool{}
	for _, d := range provider.Entra.Definitions() {
		known[d.Code] = !d.Ours
		if !d.Ours && !reached[d.Code] && unrecorded[d.Code] == "" {
			t.Errorf("%s: no recorded answer leads to it, and it is not marked as ours", d.Code)
		}
	}
	for code := range unrecorded {
		if !known[code] || reached[code] {
			t.Errorf("%s need not be in unrecorded any more", code)
		}
	}
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// Every listed code exists and has advice in every language.
func TestEveryListedCodeHasAdvice(t *testing.T) {
	catalog, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*finding.Definition{}
	for _, d := range provider.Entra.Definitions() {
		known[d.Code] = d
	}
	for _, item := range recordings(t).Items {
		d, ok := known[item.Code]
		switch {
		case item.Code == "":
			continue
		case !ok:
			t.Errorf("%s: the provider has no finding %s", item.ID, item.Code)
			continue
		}
		values := map[string]string{}
		for _, p := range d.Params {
			values[p] = "value-of-" + p
		}
		f := finding.Finding{Causes: []finding.Cause{{Definition: d}}, Params: values}
		english := catalog.Printer("en").Finding(f)
		for _, tag := range catalog.Tags() {
			a := catalog.Printer(tag).Finding(f)
			if tag != "en" && a.Title == english.Title {
				t.Errorf("%s has no words in %s", d.Code, tag)
			}
			for part, text := range map[string]string{"title": a.Title, "consequence": a.Consequence, "cause": a.Cause, "remedy": a.Remedy} {
				if text == "" || strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
					t.Errorf("%s in %s: %s is %q", d.Code, tag, part, text)
				}
			}
		}
	}
}
