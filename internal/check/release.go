package check

import (
	"context"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

var (
	specialMissing = &finding.Definition{
		Code: "engineering_special_missing", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true, Asks: "specials",
		Title:       "{{.product}} {{.release}} needs {{.missing}}",
		Consequence: "Without it the screens for OAuth2 are missing, or reports arrive empty.",
		Cause:       "The engineering special is not installed, or not entered here.",
		Remedy:      "Enter {{.minimum}} if it is installed. If not, install it; the newest one of the release is best.",
		Params:      []string{"product", "release", "missing", "minimum"},
	}
	releaseUnlisted = &finding.Definition{
		Code: "release_unlisted", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
		Title:       "The vendor's checklist does not name {{.product}} {{.release}}",
		Consequence: "What this release needs is not known here.",
		Cause:       "The checklist ends with an older release.",
		Remedy:      "Ask the vendor for the engineering special that this release needs for OAuth2.",
		Params:      []string{"product", "release"},
	}
)

// Release judges whether the release of the product can use OAuth2.
var Release = &Check{
	ID:    "release",
	Reads: []setup.Field{setup.FieldProduct, setup.FieldRelease, setup.FieldSpecials},
	Needs: []setup.Field{setup.FieldProduct, setup.FieldRelease},
	Targets: func(e *Env) []Target {
		if len(e.Product.Releases) == 0 {
			return nil
		}
		return []Target{{}}
	},
	Finds: []*finding.Definition{specialMissing, releaseUnlisted},
	Grade: Automatic,
	Run: func(_ context.Context, e *Env, _ Target) Outcome {
		a := e.Setup.Application
		release, ok := e.Product.Release(a.Release)
		if !ok || release.Unlisted {
			return Found(finding.New(releaseUnlisted, "product", e.Product.Name, "release", a.Release))
		}
		missing := release.Missing(a.Specials)
		if len(missing) == 0 {
			return Passed(Fact{"minimum", release.Minimum()}, Fact{"setting", release.Setting})
		}
		installed := "nothing entered"
		if len(a.Specials) > 0 {
			installed = strings.Join(a.Specials, ", ")
		}
		return Found(finding.New(specialMissing,
			"product", e.Product.Name, "release", a.Release,
			"missing", strings.Join(missing, " and "), "minimum", release.Minimum(),
		).With("engineering specials", installed, ""))
	},
}
