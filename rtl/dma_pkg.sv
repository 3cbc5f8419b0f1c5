// Types inside the DMA engine. dma_engine.sv shows who hands what to whom.
package dma_pkg;
  import doorbell_pkg::*;
  import seams_pkg::*;

  localparam int unsigned ChannelBits = $clog2(CHANNELS);
  typedef logic [ChannelBits-1:0] channel_t;
  typedef logic [CHANNELS-1:0] channels_t;  // one bit a channel

  // Host to host: each channel has a ring of StageBytes. It holds a largest read beside what the last round of writes
  // left behind (less than one payload), so that neither reads nor writes are ever cut short for want of room.
  localparam int unsigned StageBytes = 2048;
  localparam int unsigned StageBits = $clog2(StageBytes);

  // Bytes a segment has at most, and 64-byte beats.
  localparam int unsigned SegmentBytes = MPS_BYTES_MAX;
  localparam int unsigned SegmentBeats = SegmentBytes / 64;

  // dma_contexts -> dma_read: read `len` bytes of host memory. The bytes land at `dst` of device memory, or of the
  // channel's ring (stage).
  typedef struct packed {
    channel_t    channel;
    logic [QueueBits-1:0] queue;
    logic        stage;
    logic [63:0] addr;
    logic [31:0] dst;
    logic [31:0] len;
  } read_job_t;

  // read_req_t.info of the engine's reads: the channel in the low bits, then whether the bytes land in its ring.
  localparam int unsigned InfoStageBit = ChannelBits;

  // Where the bytes of a move come from. `src` of the types below counts in the memory named here: device memory, the
  // channel's ring, or an endless repetition of the pattern, or of 64 bytes that start with the inline data.
  typedef enum logic [1:0] {
    FromDevice,
    FromStage,
    FromPattern,
    FromInline
  } from_e;

  // dma_contexts -> dma_mover: move `len` bytes.
  typedef struct packed {
    channel_t               channel;
    from_e                  from;
    logic                   to_host;
    logic [MemAddrBits-1:0] src;
    logic [63:0]            dst;
    logic [31:0]            len;
  } move_job_t;

  // Part of a move that stays inside one naturally aligned block of MPS bytes: one TLP, or some lines of device memory.
  typedef struct packed {
    channel_t    channel;
    logic [63:0] addr;  // of the first byte
    logic [9:0]  len;   // bytes, from 1
  } segment_t;

  // dma_mover -> dma_source: fetch 64 bytes.
  typedef struct packed {
    channel_t               channel;
    from_e                  from;
    logic                   to_host;
    logic [MemAddrBits-1:0] src;      // of lane 0
  } beat_t;
endpackage
