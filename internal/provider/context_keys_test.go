package provider_test

import (
	"testing"

	"latchkey/internal/provider"
)

// The keys that are listed are those with a meaning; any other is evidence.
func TestContextKeysHaveAMeaning(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range provider.ContextKeys() {
		var c provider.Context
		// No key takes these words as its own evidence; some refuse them.
		if err := c.Set(key, "some words"); len(c.Other) > 0 || seen[key] {
			t.Errorf("%s: %v, kept as %v, twice: %v", key, err, c.Other, seen[key])
		}
		seen[key] = true
	}
	var c provider.Context
	if err := c.Set("since", "Tuesday"); err != nil || len(c.Other) != 1 || c.Other[0].Source != "since" {
		t.Errorf("%v: %+v", err, c.Other)
	}
}
