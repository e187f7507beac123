package check_test

import (
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

// Minimum specials: checklist items 1 to 3 of Cisco document 218453.
func TestRelease(t *testing.T) {
	tests := []struct {
		release  string
		specials []string
		code     string
		missing  string
		minimum  string
		evidence string
	}{
		{"12.6(1)", nil, "engineering_special_missing", "ES1", "ES1", "nothing entered"},
		{"12.6(1)", []string{"ES1"}, "", "", "ES1", ""},
		{"12.6(1)", []string{"ES2"}, "", "", "ES1", ""},
		{"12.5(1)", []string{"ES1", "ES2"}, "engineering_special_missing", "ES3", "ES3", "ES1, ES2"},
		{"12.0(1)", []string{"ES6"}, "", "", "ES6", ""},
		{"11.6(1)", nil, "engineering_special_missing", "ES12 and ES12_ET1", "ES12 and ES12_ET1", "nothing entered"},
		{"11.6(1)", []string{"ES12"}, "engineering_special_missing", "ES12_ET1", "ES12 and ES12_ET1", "ES12"},
		{"11.6(1)", []string{"ES12", "ES12_ET1"}, "", "", "ES12 and ES12_ET1", ""},
		{"11.6(1)", []string{"ES13"}, "", "", "ES12 and ES12_ET1", ""},
		{"15.0", nil, "release_unlisted", "", "", ""},
		{"9.9", []string{"ES99"}, "release_unlisted", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.release, func(t *testing.T) {
			out := judge(t, check.Release, envOf(ece(tt.release, tt.specials...)), check.Target{})
			switch tt.code {
			case "":
				wantCodes(t, out)
				wantFact(t, out, "minimum", tt.minimum)
				if fact(out, "setting") == "" {
					t.Error("the name of the setting is not told")
				}
			case "release_unlisted":
				wantCodes(t, out, tt.code)
				wantParams(t, out, "product", "Cisco ECE (eGain)", "release", tt.release)
				if s := out.Findings[0].Severity(); s != finding.Note {
					t.Errorf("a release that nobody knows anything of is a %s", s)
				}
			default:
				wantCodes(t, out, tt.code)
				wantParams(t, out, "product", "Cisco ECE (eGain)", "release", tt.release, "missing", tt.missing, "minimum", tt.minimum)
				if !out.Findings[0].Blocks() {
					t.Error("a release that cannot use OAuth2 does not stop")
				}
				if got := out.Findings[0].Evidence[0].Text; got != tt.evidence {
					t.Errorf("evidence %q, want %q", got, tt.evidence)
				}
			}
		})
	}
}

func TestReleaseAppliesToProductsWithReleases(t *testing.T) {
	env := envOf(setup.Setup{Application: setup.Application{Product: "other"}})
	if got := check.Release.TargetsOf(env); len(got) != 0 {
		t.Errorf("a product without releases is judged: %v", got)
	}
	if got := check.Release.TargetsOf(envOf(ece(""))); len(got) != 1 {
		t.Errorf("%d targets", len(got))
	}
	waits(t, check.Release, setup.Setup{}, setup.FieldProduct, setup.FieldRelease)
	waits(t, check.Release, ece(""), setup.FieldRelease)
	waits(t, check.Release, ece("12.6(1)"))
}
