package io.cowshed.engine.posix;

/** What tells a file from every other on this host while it exists: its file system and its inode number there. */
public record FileIdentity(long device, long inode) {}
