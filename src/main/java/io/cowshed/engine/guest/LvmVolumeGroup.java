package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.guest.Area.Piece;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A volume group of LVM2, by the text of its metadata ({@code vgcfgbackup(8)} writes the same). Only linear volumes that
 * nothing else builds on are understood; if any part of any volume overlaps another, none is.
 */
final class LvmVolumeGroup {

    private static final int SECTOR = 512;
    private static final int MAX_NAME = 127;

    /** Bounds the memory: a volume rarely has more than a few segments. */
    private static final int MAX_SEGMENTS = 4096;

    private static final long MAX_EXTENTS = 0xffff_ffffL;
    private static final long MAX_SECTORS = Long.MAX_VALUE / SECTOR;
    private static final Set<String> USUAL_GROUP_STATUS = Set.of("RESIZEABLE", "READ", "WRITE");
    private static final Set<String> USUAL_VOLUME_STATUS = Set.of("READ", "WRITE", "VISIBLE");
    private static final Set<String> NEEDED_VOLUME_STATUS = Set.of("WRITE", "VISIBLE");

    private final String name;
    private final LvmSection section;
    private final long extentBytes;
    private final Map<String, Extents> physical = new LinkedHashMap<>();
    private int segments;
    private boolean allStriped = true;

    /**
     * The extents of a physical volume.
     *
     * @param volume their home
     * @param start where they begin in it, in bytes
     * @param count how many there are
     * @param used how many belong to some volume, from which on
     */
    private record Extents(LvmPhysicalVolume volume, long start, long count, TreeMap<Long, Long> used) {

        /** Where in the disk an extent lies. */
        long offset(long extent, long extentBytes) {
            return volume.area().diskStart() + start + extent * extentBytes;
        }
    }

    private LvmVolumeGroup(String name, LvmSection section) throws LeftAloneException {
        this.name = name;
        this.section = section;
        this.extentBytes = section.number("extent_size", MAX_EXTENTS) * SECTOR;
        LeftAloneException.unless(extentBytes > 0, "its LVM metadata has no usable extent_size");
    }

    /** The group that a text describes. */
    static LvmVolumeGroup parse(String text) throws LeftAloneException {
        Map<String, LvmSection> groups = LvmText.parse(text).sections(null);
        LeftAloneException.unless(groups.size() == 1, "its LVM metadata is not that of one volume group");
        String name = groups.keySet().iterator().next();
        checkName(name);
        return new LvmVolumeGroup(name, groups.values().iterator().next());
    }

    private static void checkName(String name) throws LeftAloneException {
        LeftAloneException.unless(name.length() <= MAX_NAME, "its LVM metadata has a name that is too long");
    }

    String name() {
        return name;
    }

    /** The UUIDs of its physical volumes, as labels have them. */
    Set<String> physicalIds() throws LeftAloneException {
        Set<String> ids = new TreeSet<>();
        for (LvmSection volume : section.sections("physical_volumes").values()) {
            LeftAloneException.unless(ids.add(id(volume)), "its LVM metadata says something twice");
        }
        return ids;
    }

    private static String id(LvmSection volume) throws LeftAloneException {
        return volume.text("id").replace("-", "");
    }

    /**
     * The logical volumes.
     *
     * @param onDisk the physical volumes of the disk by their UUID
     * @param home where those that are left alone are said to be
     */
    List<LvmVolume> volumes(Map<String, LvmPhysicalVolume> onDisk, Area home) throws LeftAloneException {
        LeftAloneException.unless(
                USUAL_GROUP_STATUS.containsAll(section.strings("status")), "its volume group is in an unusual state");
        for (Map.Entry<String, LvmSection> volume :
                section.sections("physical_volumes").entrySet()) {
            LvmPhysicalVolume label = onDisk.get(id(volume.getValue()));
            if (label == null) {
                throw new LeftAloneException("its volume group has parts on other disks");
            }
            physical.put(volume.getKey(), extents(volume.getValue(), label));
        }
        Map<String, LvmSection> logical = section.sections("logical_volumes");
        Set<String> parts = parts(logical);
        List<LvmVolume> volumes = new ArrayList<>();
        for (Map.Entry<String, LvmSection> volume : logical.entrySet()) {
            checkName(volume.getKey());
            volumes.add(volume(volume.getKey(), volume.getValue(), parts, home));
        }
        return volumes;
    }

    private Extents extents(LvmSection section, LvmPhysicalVolume volume) throws LeftAloneException {
        long start = section.number("pe_start", MAX_SECTORS) * SECTOR;
        long count = section.number("pe_count", MAX_EXTENTS);
        LeftAloneException.unless(
                count <= volume.area().length() / extentBytes && volume.area().contains(start, count * extentBytes),
                "its physical volume is shorter than its LVM metadata has it");
        for (LvmPhysicalVolume.Reserved reserved : volume.reserved()) {
            LeftAloneException.unless(
                    reserved.start() >= start + count * extentBytes || reserved.start() + reserved.length() <= start,
                    "its extents overlap its LVM metadata");
        }
        return new Extents(volume, start, count, new TreeMap<>());
    }

    /** Takes a volume's extents, and says where it lies, or why it is left alone. */
    private LvmVolume volume(String key, LvmSection volume, Set<String> parts, Area home) throws LeftAloneException {
        String place = name + "/" + key;
        List<Piece> pieces = new ArrayList<>();
        boolean isLinear = true;
        List<LvmSection> own = new ArrayList<>(volume.sections(null).values());
        LeftAloneException.unless(
                own.size() == volume.number("segment_count", MAX_SEGMENTS), "its LVM metadata lacks segments");
        own.sort(Comparator.comparingLong(LvmVolumeGroup::firstExtent));
        long next = 0;
        for (LvmSection segment : own) {
            LeftAloneException.unless(
                    ++segments <= MAX_SEGMENTS, "its volume group has more segments than are looked at");
            long count = segment.number("extent_count", MAX_EXTENTS);
            LeftAloneException.unless(
                    segment.number("start_extent", MAX_EXTENTS) == next && count > 0,
                    "its LVM metadata has segments that do not follow each other");
            if (!segment.text("type").equals("striped")) {
                allStriped = false;
                isLinear = false;
            } else if (!takeStripes(segment, count, next, pieces)) {
                isLinear = false;
            }
            next += count;
        }
        if (!isLinear || pieces.isEmpty()) {
            return new LvmVolume.LeftAlone(place, home, "it is not a linear volume");
        }
        Set<String> status = volume.strings("status");
        if (!USUAL_VOLUME_STATUS.containsAll(status) || !status.containsAll(NEEDED_VOLUME_STATUS)) {
            return new LvmVolume.LeftAlone(place, home, "it is hidden, read-only, or in an unusual state");
        }
        return parts.contains(key)
                ? new LvmVolume.LeftAlone(place, home, "another volume builds on it")
                : new LvmVolume.Linear(place, new Area(disk(), pieces));
    }

    private DiskImage disk() {
        return physical.values().iterator().next().volume().area().disk();
    }

    private static long firstExtent(LvmSection segment) {
        return segment.values().get("start_extent") instanceof LvmValue.Whole(long value) ? value : -1;
    }

    /** Every string in the segments of volumes: what they are made of, as origin, pool, image, or whatever there will be. */
    private static Set<String> parts(Map<String, LvmSection> logical) throws LeftAloneException {
        Set<String> parts = new HashSet<>();
        for (LvmSection volume : logical.values()) {
            volume.sections(null).values().forEach(segment -> segment.addStringsTo(parts));
        }
        return parts;
    }

    /** Takes the extents of a segment; true if it is linear, and then its piece is added. */
    private boolean takeStripes(LvmSection segment, long count, long firstExtent, List<Piece> pieces)
            throws LeftAloneException {
        long stripes = segment.number("stripe_count", MAX_SEGMENTS);
        List<LvmValue> places = segment.array("stripes");
        LeftAloneException.unless(
                stripes > 0 && places.size() == 2 * stripes && count % stripes == 0,
                "its LVM metadata has an impossible segment");
        for (int i = 0; i < stripes; i++) {
            Extents extents = places.get(2 * i) instanceof LvmValue.Text(String volume) ? physical.get(volume) : null;
            if (extents == null || !(places.get(2 * i + 1) instanceof LvmValue.Whole(long first))) {
                allStriped = false;
                return false;
            }
            take(extents, first, count / stripes);
            if (stripes == 1) {
                pieces.add(
                        new Piece(firstExtent * extentBytes, extents.offset(first, extentBytes), count * extentBytes));
            }
        }
        return stripes == 1;
    }

    private static void take(Extents extents, long first, long count) throws LeftAloneException {
        LeftAloneException.unless(
                first >= 0 && count <= extents.count() && first <= extents.count() - count,
                "its LVM metadata has a segment outside of its physical volume");
        Map.Entry<Long, Long> before = extents.used().floorEntry(first);
        Long after = extents.used().ceilingKey(first);
        LeftAloneException.unless(
                (before == null || before.getKey() + before.getValue() <= first)
                        && (after == null || first + count <= after),
                "its logical volumes overlap");
        extents.used().put(first, count);
    }

    /** The extents that belong to no volume, one after the other; null where there are none. After {@link #volumes}. */
    @Nullable
    Area freeExtents() throws LeftAloneException {
        LeftAloneException.unless(allStriped, "it has volumes that do not say themselves which extents they have");
        List<Piece> pieces = new ArrayList<>();
        long length = 0;
        for (Extents extents : physical.values()) {
            long position = 0;
            extents.used().put(extents.count(), 0L);
            for (Map.Entry<Long, Long> used : extents.used().entrySet()) {
                if (used.getKey() > position) {
                    long bytes = (used.getKey() - position) * extentBytes;
                    pieces.add(new Piece(length, extents.offset(position, extentBytes), bytes));
                    length += bytes;
                }
                position = used.getKey() + used.getValue();
            }
        }
        return pieces.isEmpty() ? null : new Area(disk(), pieces);
    }
}
