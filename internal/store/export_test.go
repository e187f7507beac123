package store

import "testing"

// Pragma reads a setting of the writing connection.
func (s *Store) Pragma(t *testing.T, name string) (value string) {
	t.Helper()
	if err := s.writer.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
