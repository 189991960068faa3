package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is where the objects are: NAME.json each.
type folder string

// object is one file. Of a key that is only written, there is nothing but its digest.
type object struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Secret   string `json:"secret,omitempty"`
	Key      string `json:"key,omitempty"`
	Finished bool   `json:"finished"`
}

func (f folder) path(name string) string { return filepath.Join(string(f), name+".json") }

// read gives nil for an object that is not there.
func (f folder) read(name string) (*object, error) {
	text, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found object
	return &found, json.Unmarshal(text, &found)
}

func (f folder) write(it object) error {
	text, err := json.MarshalIndent(it, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.path(it.Name), append(text, '\n'), 0o600)
}

func (f folder) remove(name string) error {
	err := os.Remove(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func digest(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
