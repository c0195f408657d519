// A partner's verifier, made of Go's own checksum database (golang.org/x/mod/sumdb) as it is: it reads a log over HTTP, and
// holds it to its checkpoint, to one that was kept, and to a witness.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// What is asked of it, as JSON on standard input.
type asked struct {
	Log, Token, Vkey, Witness, Kept string
	// The leaf at First+n is the text "leaf n", for each of Count.
	First, Count int64
}

func main() {
	var ask asked
	if err := json.NewDecoder(os.Stdin).Decode(&ask); err != nil {
		stop(err)
	}
	if err := verify(ask); err != nil {
		stop(err)
	}
}

func stop(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func verify(ask asked) error {
	ofLog, err := note.NewVerifier(ask.Vkey)
	if err != nil {
		return err
	}
	witness, err := newWitness(ask.Witness)
	if err != nil {
		return err
	}
	tiles := &tiles{ask: ask, known: map[tlog.Tile][]byte{}}
	newest, err := tiles.get("checkpoint")
	if err != nil {
		return err
	}
	tree, signed, err := open(newest, ofLog, witness)
	if err != nil {
		return err
	}
	kept, _, err := open([]byte(ask.Kept), ofLog)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles)
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil || root != tree.Hash {
		return fmt.Errorf("the root is %v: %v", root, err)
	}
	proof, err := tlog.ProveTree(tree.N, kept.N, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, kept.N, kept.Hash); err != nil {
		return err
	}
	indexes := []int64{0, 1, 255, 256, 65535, 65536, ask.First, kept.N - 1, kept.N, tree.N - 2, tree.N - 1}
	for i := 0; i < 50; i++ {
		indexes = append(indexes, rand.Int63n(tree.N))
	}
	for _, index := range indexes {
		if err := record(ask, tree, reader, index); err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
	}
	all, err := recomputed(tree.N, tiles)
	if err != nil || all != tree.Hash {
		return fmt.Errorf("the root over all leaves is %v: %v", all, err)
	}
	fmt.Printf("%d leaves, root %v, extends %d, %d records, %d signatures\n", tree.N, tree.Hash, kept.N, len(indexes), signed)
	return nil
}

// record proves that a leaf is in the tree, and that it is the one that was written.
func record(ask asked, tree tlog.Tree, reader tlog.HashReader, index int64) error {
	hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	if n := index - ask.First; n >= 0 && n < ask.Count {
		if hashes[0] != tlog.RecordHash([]byte(fmt.Sprintf("leaf %d", n))) {
			return errors.New("it is another one")
		}
	}
	proof, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, hashes[0])
}

// recomputed returns the root over all leaf hashes, computed without any hash of a level above.
func recomputed(size int64, tiles *tiles) (tlog.Hash, error) {
	var stored []tlog.Hash
	kept := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	const together = 64
	for first := int64(0); first<<height < size; first += together {
		var wanted []tlog.Tile
		for n := first; n < first+together && n<<height < size; n++ {
			width := size - n<<height
			if width > 1<<height {
				width = 1 << height
			}
			wanted = append(wanted, tlog.Tile{H: height, L: 0, N: n, W: int(width)})
		}
		read, err := tiles.ReadTiles(wanted)
		if err != nil {
			return tlog.Hash{}, err
		}
		leaves := bytes.Join(read, nil)
		for i := 0; i < len(leaves); i += tlog.HashSize {
			var leaf tlog.Hash
			copy(leaf[:], leaves[i:])
			n := first<<height + int64(i/tlog.HashSize)
			hashes, err := tlog.StoredHashesForRecordHash(n, leaf, kept)
			if err != nil {
				return tlog.Hash{}, err
			}
			stored = append(stored, hashes...)
		}
	}
	return tlog.TreeHash(size, kept)
}

// open returns the tree of a checkpoint that all of these signed, and how many they are.
func open(text []byte, by ...note.Verifier) (tlog.Tree, int, error) {
	opened, err := note.Open(text, note.VerifierList(by...))
	if err != nil {
		return tlog.Tree{}, 0, err
	}
	if len(opened.Sigs) != len(by) {
		return tlog.Tree{}, 0, fmt.Errorf("%d of %d signed it", len(opened.Sigs), len(by))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != by[0].Name() {
		return tlog.Tree{}, 0, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, 0, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, len(opened.Sigs), err
}

// tiles reads the tiles of a log over HTTP.
type tiles struct {
	ask   asked
	mutex sync.Mutex
	known map[tlog.Tile][]byte
}

func (t *tiles) Height() int { return height }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(wanted))
	faults := make([]error, len(wanted))
	var under sync.WaitGroup
	free := make(chan struct{}, 8)
	for i, tile := range wanted {
		t.mutex.Lock()
		read[i] = t.known[tile]
		t.mutex.Unlock()
		if read[i] != nil {
			continue
		}
		under.Add(1)
		free <- struct{}{}
		go func(i int, tile tlog.Tile) {
			defer under.Done()
			path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
			read[i], faults[i] = t.get(path)
			if faults[i] == nil && len(read[i]) != tile.W*tlog.HashSize {
				faults[i] = fmt.Errorf("%s has %d bytes", path, len(read[i]))
			}
			<-free
		}(i, tile)
	}
	under.Wait()
	for _, fault := range faults {
		if fault != nil {
			return nil, fault
		}
	}
	return read, nil
}

func (t *tiles) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for i, tile := range tiles {
		t.known[tile] = data[i]
	}
}

func (t *tiles) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", t.ask.Log+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+t.ask.Token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// cosigner checks cosignatures (C2SP tlog-cosignature), which Go's library does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("not a witness's verifier key")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(digest[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the verifier key has another id")
	}
	return &cosigner{parts[0], hash, key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}
