package product_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/product"
)

func TestMissingSpecials(t *testing.T) {
	tests := []struct {
		release   string
		installed []string
		want      []string
	}{
		{"11.6(1)", nil, []string{"ES12", "ES12_ET1"}},
		{"11.6(1)", []string{"ES12"}, []string{"ES12_ET1"}},
		{"11.6(1)", []string{"ES12_ET1"}, []string{"ES12"}},
		{"11.6(1)", []string{"ES12", "ES12_ET1"}, nil},
		{"11.6(1)", []string{"ES13"}, nil},
		{"12.0(1)", []string{"ES5"}, []string{"ES6"}},
		{"12.5(1)", []string{"ES3"}, nil},
		{"12.6(1)", nil, []string{"ES1"}},
		{"12.6(1)", []string{"ES4"}, nil},
		{"15.0", nil, nil},
	}
	for _, tt := range tests {
		r, ok := product.ECE.Release(tt.release)
		if !ok {
			t.Fatalf("release %s is not listed", tt.release)
		}
		if diff := cmp.Diff(tt.want, r.Missing(tt.installed)); diff != "" {
			t.Errorf("%s with %v: %s", tt.release, tt.installed, diff)
		}
	}
}

func TestSettingNameFollowsTheRelease(t *testing.T) {
	for release, want := range map[string]string{
		"12.5(1)": "Web Server URL or Load Balancer URL",
		"12.6(1)": "External URL of Application",
	} {
		if r, _ := product.ECE.Release(release); r.Setting != want {
			t.Errorf("%s: setting %q, want %q", release, r.Setting, want)
		}
	}
}
