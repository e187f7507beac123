package finding_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/finding"
)

var portClosed = &finding.Definition{
	Code: "port_closed", Severity: finding.Blocker, Actor: finding.NetworkAdmin,
	Title: "{{.host}} is closed", Consequence: "c", Cause: "c", Remedy: "open {{.port}}",
	Params: []string{"host", "port"},
}

func TestValidate(t *testing.T) {
	change := func(f func(*finding.Definition)) *finding.Definition {
		d := *portClosed
		f(&d)
		return &d
	}
	tests := map[string]struct {
		d  *finding.Definition
		ok bool
	}{
		"complete":            {portClosed, true},
		"code with capitals":  {change(func(d *finding.Definition) { d.Code = "PortClosed" }), false},
		"no remedy":           {change(func(d *finding.Definition) { d.Remedy = "" }), false},
		"unknown actor":       {change(func(d *finding.Definition) { d.Actor = "somebody" }), false},
		"unlisted in link":    {change(func(d *finding.Definition) { d.Link = "https://{{.tenant}}" }), false},
		"portal page as link": {change(func(d *finding.Definition) { d.Link = "{{.link_credentials}}" }), true},
		"portal page in text": {change(func(d *finding.Definition) { d.Remedy = "{{.link_credentials}}" }), false},
		"unconfirmed blocker": {change(func(d *finding.Definition) { d.Unconfirmed = true }), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.d.Validate(); (err == nil) != tt.ok {
				t.Errorf("Validate() = %v, want ok = %v", err, tt.ok)
			}
		})
	}
}

func TestNewPanicsOnWrongParameters(t *testing.T) {
	for name, pairs := range map[string][]string{
		"undeclared": {"host", "h", "port", "1", "other", "x"},
		"missing":    {"host", "h"},
		"odd":        {"host", "h", "port"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("New did not panic")
				}
			}()
			finding.New(portClosed, pairs...)
		})
	}
}

func TestStoredFindingComesBackWithItsDefinition(t *testing.T) {
	f := finding.New(portClosed, "host", "h", "port", "993").With("tcp", "refused", "")
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var back finding.Finding
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	got := back.Resolve(map[string]*finding.Definition{"port_closed": portClosed})
	if diff := cmp.Diff(f, got); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}

func TestUnknownStoredCodeStillBlocks(t *testing.T) {
	var f finding.Finding
	if err := json.Unmarshal([]byte(`{"causes":[{"code":"from_the_future","likelihood":"certain"}]}`), &f); err != nil {
		t.Fatal(err)
	}
	if got := f.Resolve(nil); !got.Blocks() || got.Code() != "from_the_future" {
		t.Errorf("resolved to %s, blocks = %v", got.Code(), got.Blocks())
	}
}
