package corpus

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestEmbeddedItemsAreValid(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	numbers, places := map[int]bool{}, map[Where]bool{}
	for _, i := range c.Items {
		for _, n := range i.Codes {
			numbers[n] = true
		}
		for _, w := range i.Where {
			places[w] = true
		}
	}
	// Microsoft's list has some hundreds, of which a mailbox setup can meet
	// these.
	if len(numbers) < 150 {
		t.Errorf("%d vendor numbers", len(numbers))
	}
	for _, w := range Places {
		if !places[w] {
			t.Errorf("nothing is recorded at %s", w)
		}
	}
	if _, ok := c.Find("aadsts50011"); !ok {
		t.Error("aadsts50011 is not found")
	}
	if _, ok := c.Find("nothing"); ok {
		t.Error("an item that does not exist was found")
	}
}

const goodSources = `[a]
title = "A"
url = "https://docs.contoso.example/a"
`

const goodItem = `[[item]]
id = "one"
where = ["token"]
error = "invalid_grant"
error_codes = [54005]
description = "AADSTS54005: redeemed by {user}"
code = "code_used"
evidence = "recorded"
sources = ["a"]
date = "2026-11"
`

const goodMail = `[[item]]
id = "two"
where = ["smtp"]
stage = "authenticate"
lines = ["535 5.7.3 no [{server} {time} {request_id}]"]
code = "x"
evidence = "recorded"
sources = ["a"]
date = "2026"
`

// Each change makes one rule be broken; the error must name what is wrong.
func TestLoadRefuses(t *testing.T) {
	if _, err := loadText(goodSources, goodItem+goodMail); err != nil {
		t.Fatalf("the good text: %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"misspelt key":          {"code = \"code_used\"", "cod = \"code_used\"", "unknown key"},
		"same ID twice":         {`id = "two"`, `id = "one"`, "stands twice"},
		"ID":                    {`id = "two"`, `id = "Two"`, "snake_case"},
		"no place":              {`where = ["smtp"]`, `where = []`, "no place"},
		"unknown place":         {`where = ["smtp"]`, `where = ["ftp"]`, `place "ftp"`},
		"unlisted source":       {`sources = ["a"]`, `sources = ["b"]`, "not listed"},
		"no source":             {`sources = ["a"]`, `sources = []`, "no source"},
		"date":                  {`date = "2026-11"`, `date = "November"`, "no date"},
		"evidence":              {`evidence = "recorded"`, `evidence = "sure"`, "evidence"},
		"code":                  {`code = "code_used"`, `code = "Code Used"`, "code"},
		"unknown variable":      {"{user}", "{usr}", "{usr}"},
		"number not listed":     {"error_codes = [54005]", "error_codes = [5400]", "numbers"},
		"no error":              {`error = "invalid_grant"`, ``, "no error"},
		"identifiers":           {"by {user}", "Trace ID: {trace_id}", "identifiers"},
		"nothing said":          {"error = \"invalid_grant\"\nerror_codes = [54005]\ndescription = \"AADSTS54005: redeemed by {user}\"", "", "nothing is said"},
		"no lines":              {`lines = ["535 5.7.3 no [{server} {time} {request_id}]"]`, "", "lines or stage"},
		"stage":                 {`stage = "authenticate"`, `stage = "hello"`, "lines or stage"},
		"line break":            {"535 5.7.3 no", `535\r\n5.7.3 no`, "line break"},
		"event of a mail reply": {`stage = "authenticate"`, "stage = \"authenticate\"\nevent = \"refused\"", "neither description nor event"},
		"stage at a page":       {`error = "invalid_grant"`, "error = \"invalid_grant\"\nstage = \"open\"", "neither stage"},
		"assumed part":          {`date = "2026-11"`, "date = \"2026-11\"\nassumed = [\"all\"]", "assumed part"},
		"context":               {`date = "2026-11"`, "date = \"2026-11\"\ncontext = { moon = \"full\" }", "context"},
		"variant without name":  {`date = "2026-11"`, "date = \"2026-11\"\n[[item.variant]]\nerror = \"x\"", "nameless"},
		"not TOML":              {"[[item]]", "[[item", "items.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodItem+goodMail, c.old, c.new, 1)
			if text == goodItem+goodMail {
				t.Fatal("nothing was changed")
			}
			if name == "same ID twice" {
				text = strings.Replace(goodItem+goodMail, c.old, c.new, -1)
			}
			if _, err := loadText(goodSources, text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for name, c := range map[string]struct{ sources, want string }{
		"unused":   {goodSources + "[b]\ntitle = \"B\"\n", "not used"},
		"no title": {"[a]\nurl = \"https://docs.contoso.example\"\n", "no title"},
		"address":  {"[a]\ntitle = \"A\"\nurl = \"http://docs.contoso.example\"\n", "no address"},
		"not TOML": {"[a", "sources.toml"},
	} {
		if _, err := loadText(c.sources, goodItem+goodMail); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("sources, %s: %v", name, err)
		}
	}
	if _, err := loadText(goodSources, ""); err == nil || !strings.Contains(err.Error(), "no items") {
		t.Errorf("no items: %v", err)
	}
	if _, err := load(fstest.MapFS{}); err == nil {
		t.Error("a folder without sources was accepted")
	}
	network := strings.NewReplacer(`where = ["smtp"]`, `where = ["network"]`, `stage = "authenticate"`, `event = "rain"`,
		`lines = ["535 5.7.3 no [{server} {time} {request_id}]"]`, "").Replace(goodMail)
	if _, err := loadText(goodSources, goodItem+network); err == nil || !strings.Contains(err.Error(), `event "rain"`) {
		t.Errorf("event: %v", err)
	}
}

func loadText(sources, items string) (Corpus, error) {
	return load(fstest.MapFS{"sources.toml": {Data: []byte(sources)}, "items.toml": {Data: []byte(items)}})
}

func TestRepliesHaveEveryVariation(t *testing.T) {
	c, err := loadText(goodSources, goodItem+`[[item.variant]]
name = "double"
error_codes = [70002, 54005]
description = "AADSTS70002: Error. AADSTS54005: redeemed"
`+goodMail)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Reply{}
	for _, i := range c.Items {
		for _, r := range i.Replies() {
			got[r.Name()] = r
		}
	}
	want := []string{
		"one@token", "one@token+double", "one@token+double+no_error_uri", "one@token+double+old_breaks",
		"one@token+no_error_uri", "one@token+old_breaks", "two@smtp", "two@smtp+old_trace",
	}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Fatalf("replies %v, want %v", names, want)
	}
	if r := got["one@token+double+old_breaks"]; !r.OldBreaks || r.Error != "invalid_grant" || !slices.Equal(r.Codes, []int{70002, 54005}) {
		t.Errorf("variant with old breaks: %+v", r)
	}
	if line := got["two@smtp+old_trace"].Lines[0]; line != "535 5.7.3 no [{server}]" {
		t.Errorf("old trace: %q", line)
	}
	if line := got["two@smtp"].Lines[0]; !strings.Contains(line, "{time}") {
		t.Errorf("the variation changed the item itself: %q", line)
	}
}

func TestFillLeavesGapsVisible(t *testing.T) {
	if got := Fill("{user} of {tenant}, {\"a\":1}", map[string]string{"user": "svc"}); got != "svc of {tenant}, {\"a\":1}" {
		t.Error(got)
	}
}
